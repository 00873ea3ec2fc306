/* Two Class 1 fax modems (spandsp's T.31) back to back over a telephone line of our own, each on a pseudo-terminal.
 *
 *   fax_modems LINK_A LINK_B [-s speed] [-l loss] [-n noise] [-d delay] [-e echo] [-t file] [-c number] [-N name]
 *              [-f file [-1 | -2] [-a address] [-i identity]]
 *     speed  times real time (1)      loss   dB on the way (0)
 *     noise  dBm0 at each end (none; above -46 the receivers take it for a carrier, and miss the one that comes: add loss instead)
 *     delay  ms one way (50; with less, the gap between frames and training is missed)
 *     echo   dB by which what one hears of oneself, back from the far end after twice the delay, is weaker than what was said (none)
 *     -t     how soon each program answered its modem goes to this file, a line each: modem (A, B), what the modem had come to the end of (frame, page),
 *            milliseconds of real time from its result until the next command is there, that command
 *
 *     file   a TIFF that a whole fax machine, spandsp's, sends at once to modem A, with error correction; there is no modem B then, and its link is not made.
 *            -1 and -2 keep it to MH, or MH and MR; address: its SUB; identity: its TSI (5550100). It says "confirmed N" when page N was.
 *     number, name   who calls, as both modems tell it between rings
 *
 * Dialling on one modem rings the other, whatever the number. It runs until SIGTERM or until whoever started it is gone; standard output then says how many
 * steps of 10 ms came late.
 */
#define _GNU_SOURCE
#define SPANDSP_EXPOSE_INTERNAL_STRUCTURES
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include <spandsp.h>
#include <spandsp/expose.h>

enum { STEP = 80, KEPT = 256, TAIL = 20 };      /* samples in 10 ms; steps the line remembers: 2.5 s; octets of the modem's that are looked back on */
static const double STEP_S = 0.01;
static const double RING_S = 6.0;   /* from ring to ring */
static const double BURST_S = 0.2;  /* of the line that come at once, at most, after this program had to wait */
static const double DROP_S = 0.4;   /* until a hang-up is seen at the other end, behind the sound still on its way */

struct modem {
    t31_state_t *t31;               /* or, in its place: */
    fax_state_t *fax;
    awgn_state_t *noise;
    const char *link;
    int terminal;
    bool takes, off_hook, ringing, in_call;
    double ring_at, drop_at;
    double ended_at, asked_at;      /* real time: when a frame or page was reported at its end; when the program's next command was there */
    const char *ended;
    char tail[TAIL + 1];
    int16_t sent[KEPT][STEP];
};

static struct modem modems[2];
static double now, gain = 1.0, echo = 0.0, noise_level = -99.0;
static const char *number, *name, *address, *identity = "5550100";
static FILE *turnarounds;
static volatile sig_atomic_t stopped;

static void stop(int number) { (void) number; stopped = 1; }

static struct modem *peer(const struct modem *modem) { return modem == &modems[0] ? &modems[1] : &modems[0]; }

static double real_time(void)
{
    struct timespec clock;
    clock_gettime(CLOCK_MONOTONIC, &clock);
    return (double) clock.tv_sec + (double) clock.tv_nsec / 1e9;
}

static bool ends_with(const struct modem *modem, const char *words, size_t length)
{
    return memcmp(modem->tail + TAIL - length, words, length) == 0;
}

/* Has the modem just told that a frame, or a page, is over? */
static void note_end(struct modem *modem, const uint8_t *octets, size_t count)
{
    static const char frame[] = "\x10\x03\r\nOK\r\n", page[] = "\x10\x03\r\nNO CARRIER\r\n";
    size_t fresh = count < TAIL ? count : TAIL;
    memmove(modem->tail, modem->tail + fresh, TAIL - fresh);
    memcpy(modem->tail + TAIL - fresh, octets + count - fresh, fresh);
    modem->ended = ends_with(modem, frame, sizeof frame - 1) ? "frame" : ends_with(modem, page, sizeof page - 1) ? "page" : NULL;
    if (modem->ended) {
        modem->ended_at = real_time();
        modem->asked_at = 0;
    }
}

static void note_command(struct modem *modem, const char *octets, ssize_t count)
{
    double asked_at = modem->asked_at > 0 ? modem->asked_at : real_time();
    if (modem->ended && turnarounds) {
        fprintf(turnarounds, "%c %s %.3f %.*s\n", 'A' + (int) (modem - modems), modem->ended, (asked_at - modem->ended_at) * 1e3,
                (int) strcspn(octets, "\r") < count ? (int) strcspn(octets, "\r") : (int) count, octets);
        fflush(turnarounds);
    }
    modem->ended = NULL;
}

static int to_program(at_state_t *state, void *data, const uint8_t *octets, size_t count)
{
    struct modem *modem = data;
    (void) state;
    note_end(modem, octets, count);
    if (write(modem->terminal, octets, count) != (ssize_t) count)
        fprintf(stderr, "%.2f modem %ld: the program does not read\n", now, (long) (modem - modems));
    return 0;
}

static void tell(struct modem *modem, int event)
{
    if (modem->t31)
        t31_call_event(modem->t31, event);
}

static void dial(struct modem *modem)
{
    modem->off_hook = true;
    if (peer(modem)->off_hook) {
        tell(modem, AT_CALL_EVENT_BUSY);
        return;
    }
    if (peer(modem)->t31) {
        at_reset_call_info(&peer(modem)->t31->at_state);
        if (name)
            at_set_call_info(&peer(modem)->t31->at_state, "NAME", name);
        if (number)
            at_set_call_info(&peer(modem)->t31->at_state, "NMBR", number);
    }
    peer(modem)->ringing = true;
    peer(modem)->ring_at = now + 0.2;
}

static void answer(struct modem *modem)
{
    modem->off_hook = true;
    if (!modem->ringing)
        return;
    modem->ringing = false;
    modem->in_call = peer(modem)->in_call = true;
    tell(modem, AT_CALL_EVENT_ANSWERED);
    tell(peer(modem), AT_CALL_EVENT_CONNECTED);
}

static void hang_up(struct modem *modem)
{
    modem->off_hook = false;
    peer(modem)->ringing = false;
    if (modem->in_call)
        peer(modem)->drop_at = now + DROP_S;
    modem->in_call = false;
}

static int control(t31_state_t *state, void *data, int operation, const char *argument)
{
    struct modem *modem = data;
    (void) state;
    switch (operation) {
    case AT_MODEM_CONTROL_CALL: dial(modem); break;
    case AT_MODEM_CONTROL_ANSWER: answer(modem); break;
    case AT_MODEM_CONTROL_ONHOOK:
    case AT_MODEM_CONTROL_HANGUP: hang_up(modem); break;
    case AT_MODEM_CONTROL_OFFHOOK: modem->off_hook = true; break;
    case AT_MODEM_CONTROL_CTS: modem->takes = argument != NULL; break;
    default: break;
    }
    return 0;
}

static int no_t38(t38_core_state_t *state, void *data, const uint8_t *octets, int count, int copies)
{
    (void) state; (void) data; (void) octets; (void) count; (void) copies;
    return 0;
}

static bool plug_in(struct modem *modem, const char *link, int seed)
{
    int other;
    char name[128];
    struct termios raw;
    if (openpty(&modem->terminal, &other, name, NULL, NULL) != 0)
        return false;
    tcgetattr(other, &raw);         /* the program's end stays open here, so that no hang-up comes between two programs */
    cfmakeraw(&raw);
    tcsetattr(other, TCSANOW, &raw);
    fcntl(modem->terminal, F_SETFL, O_NONBLOCK);
    modem->link = link;
    modem->takes = true;
    modem->t31 = t31_init(NULL, to_program, modem, control, modem, no_t38, NULL);
    t31_set_transmit_on_idle(modem->t31, 1);
    modem->noise = awgn_init_dbm0(NULL, seed, (float) noise_level);
    unlink(link);
    return symlink(name, link) == 0;
}

static int confirmed(t30_state_t *state, void *data, int result)
{
    t30_stats_t told;
    (void) data;
    t30_get_transfer_statistics(state, &told);
    if (result == T30_MCF || result == T30_RTP) {
        printf("confirmed %d\n", told.pages_tx);
        fflush(stdout);
    }
    return T30_ERR_OK;
}

static void sent(t30_state_t *state, void *data, int result)
{
    t30_stats_t told;
    struct modem *modem = data;
    t30_get_transfer_statistics(state, &told);
    printf("sent %d pages, result %d (%s), ecm %d, encoding %d, %d bit/s\n", told.pages_tx, result, t30_completion_code_to_str(result),
           told.error_correcting_mode, told.encoding, told.bit_rate);
    fflush(stdout);
    hang_up(modem);
}

static bool put_machine(struct modem *modem, const char *file, int codings)
{
    t30_state_t *t30;
    modem->fax = fax_init(NULL, true);
    modem->noise = awgn_init_dbm0(NULL, 20002, (float) noise_level);
    fax_set_transmit_on_idle(modem->fax, true);
    t30 = fax_get_t30_state(modem->fax);
    t30_set_tx_ident(t30, identity);
    if (address)
        t30_set_tx_sub_address(t30, address);
    t30_set_phase_d_handler(t30, confirmed, modem);
    t30_set_tx_file(t30, file, -1, -1);
    t30_set_ecm_capability(t30, true);
    t30_set_supported_compressions(t30, codings);
    t30_set_supported_modems(t30, T30_SUPPORT_V27TER | T30_SUPPORT_V29 | T30_SUPPORT_V17);
    t30_set_supported_image_sizes(t30, T30_SUPPORT_US_LETTER_LENGTH | T30_SUPPORT_UNLIMITED_LENGTH | T30_SUPPORT_215MM_WIDTH);
    t30_set_supported_resolutions(t30, T30_SUPPORT_STANDARD_RESOLUTION | T30_SUPPORT_FINE_RESOLUTION | T30_SUPPORT_SUPERFINE_RESOLUTION);
    t30_set_phase_e_handler(t30, sent, modem);
    return true;
}

static void serve(struct modem *modem)
{
    if (modem->fax) {
        if (!modem->off_hook && !modem->in_call && now >= 2.0 && modem->ring_at == 0) {
            modem->ring_at = now;   /* it dials once */
            dial(modem);
        }
        return;
    }
    char octets[513];
    ssize_t count = modem->takes ? read(modem->terminal, octets, sizeof octets - 1) : 0;
    if (count > 0) {
        octets[count] = 0;
        note_command(modem, octets, count);
        t31_at_rx(modem->t31, octets, (int) count);
    }
    if (modem->drop_at > 0 && now >= modem->drop_at) {
        modem->drop_at = 0;
        if (modem->in_call) {
            modem->in_call = false;
            tell(modem, AT_CALL_EVENT_HANGUP);
        }
    }
    if (modem->ringing && now >= modem->ring_at) {
        tell(modem, AT_CALL_EVENT_ALERTING);
        modem->ring_at = now + RING_S;
    }
}

static void speak(struct modem *modem, long step)
{
    int16_t *sound = modem->sent[step % KEPT];
    int made = modem->t31 ? t31_tx(modem->t31, sound, STEP) : modem->in_call ? fax_tx(modem->fax, sound, STEP) : 0;
    memset(sound + made, 0, (size_t) (STEP - made) * sizeof *sound);
}

static void listen(struct modem *modem, long step, long delay)
{
    int16_t heard[STEP];
    const int16_t *sound = peer(modem)->sent[(step - delay) % KEPT], *own = modem->sent[(step - 2 * delay) % KEPT];
    for (int at = 0; at < STEP; at++) {
        double value = modem->in_call ? sound[at] * gain + own[at] * echo : 0;
        if (noise_level > -90)
            value += awgn(modem->noise);
        heard[at] = (int16_t) fmax(-32768, fmin(32767, value));
    }
    if (modem->t31)
        t31_rx(modem->t31, heard, STEP);
    else if (modem->in_call)
        fax_rx(modem->fax, heard, STEP);
}

/* Until the next step is due; meanwhile it is noted when a command that is waited for is there. */
static void wait_until(double due)
{
    double left;
    while ((left = due - real_time()) > 0) {
        struct pollfd waiting[2];
        struct timespec most = {(time_t) left, (long) ((left - (time_t) left) * 1e9)};
        struct modem *whose[2];
        int count = 0;
        for (int at = 0; at < 2 && turnarounds; at++)
            if (modems[at].ended && modems[at].asked_at == 0) {
                whose[count] = &modems[at];
                waiting[count++] = (struct pollfd) {modems[at].terminal, POLLIN, 0};
            }
        if (ppoll(waiting, (nfds_t) count, &most, NULL) <= 0)
            continue;
        for (int at = 0; at < count; at++)
            if (waiting[at].revents)
                whose[at]->asked_at = real_time();
    }
}

int main(int count, char **words)
{
    double speed = 1.0, loss = 0.0;
    long step, late = 0, delay = 5;
    int option, codings = T30_SUPPORT_T4_1D_COMPRESSION | T30_SUPPORT_T4_2D_COMPRESSION | T30_SUPPORT_T6_COMPRESSION;
    const char *file = NULL;
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    while ((option = getopt(count, words, "s:l:n:d:e:t:f:c:N:a:i:12")) != -1) {
        switch (option) {
        case 's': speed = atof(optarg); break;
        case 'l': loss = atof(optarg); break;
        case 'n': noise_level = atof(optarg); break;
        case 'd': delay = atol(optarg) / 10; break;
        case 'e': echo = pow(10, -atof(optarg) / 20); break;
        case 't': turnarounds = fopen(optarg, "w"); break;
        case 'f': file = optarg; break;
        case 'c': number = optarg; break;
        case 'N': name = optarg; break;
        case 'a': address = optarg; break;
        case 'i': identity = optarg; break;
        case '1': codings = T30_SUPPORT_T4_1D_COMPRESSION; break;
        case '2': codings = T30_SUPPORT_T4_1D_COMPRESSION | T30_SUPPORT_T4_2D_COMPRESSION; break;
        default: return 2;
        }
    }
    if (count - optind != 2 || speed <= 0 || delay < 0 || 2 * delay >= KEPT)
        return 2;
    gain = pow(10, -loss / 20);
    signal(SIGTERM, stop);
    signal(SIGINT, stop);
    for (int at = 0; at < 2; at++)
        if (!(at && file ? put_machine(&modems[at], file, codings) : plug_in(&modems[at], words[optind + at], 20001 + at))) {
            perror(words[optind + at]);
            return 1;
        }
    puts("ready");
    fflush(stdout);
    double next = real_time();
    for (step = KEPT; !stopped; step++, now += STEP_S) {
        for (int at = 0; at < 2; at++)
            serve(&modems[at]);
        for (int at = 0; at < 2; at++)
            speak(&modems[at], step);
        for (int at = 0; at < 2; at++)
            listen(&modems[at], step, delay);
        next += STEP_S / speed;
        double behind = real_time() - next;
        late += behind > 0;
        if (behind * speed > BURST_S)
            next += behind;         /* far behind: the line has stood still; made up for, it would run away from the programs at its ends */
        wait_until(next);
    }
    printf("steps %ld late %ld\n", step - KEPT, late);
    unlink(modems[0].link);
    if (modems[1].link)
        unlink(modems[1].link);
    return 0;
}
