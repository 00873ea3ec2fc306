"""What makes a computer or telephone trust the box's certificate, as files to open: a profile for Apple's systems, a command file for Windows.

Both hold the certificate itself and fetch nothing. Neither is signed: whoever wants to be sure compares the fingerprint with what the box's console says.
"""

from __future__ import annotations

import base64
import plistlib
import uuid
from typing import Final

from appliance.access.certificates import Ca

FILE: Final = "keepline"
_SPACE: Final = uuid.UUID(
    "0a0f2d1e-6b6c-5f0e-9a51-3d8f2c7e4b10"
)  # ours: identifiers below it stay the same for a certificate

# certutil asks by itself before it adds a root for one account, and shows the short fingerprint; no administrator is needed
_COMMANDS: Final = r"""@echo off
setlocal DisableDelayedExpansion
title Keepline
set "pem=%TEMP%\keepline-%RANDOM%%RANDOM%.pem"
set "cer=%TEMP%\keepline-%RANDOM%%RANDOM%.cer"
echo.
echo  This lets your Windows account trust the page of one Keepline box.
echo  Nothing else is changed, nothing is fetched, no administrator is needed.
echo.
>"%pem%" (
@PEM@
)
certutil -f -decode "%pem%" "%cer%" >nul
if errorlevel 1 goto failed
echo  Fingerprint of the certificate:
echo.
certutil -hashfile "%cer%" SHA256
echo.
echo  It must be the same as on the box's own console:
echo.
@LINES@
echo.
choice /C YN /N /M " Is it the same on the console? [Y/N] "
if errorlevel 2 goto refused
echo.
echo  Windows asks once more. Its "thumbprint (sha1)" must be:
echo  @SHORT@
echo.
certutil -user -addstore Root "%cer%" >nul
if errorlevel 1 goto failed
echo  Done. Close the browser and open it again.
goto finish
:refused
echo.
echo  Nothing was changed. Tell whoever looks after Keepline that the fingerprints differ.
goto finish
:failed
echo.
echo  That did not work, and nothing was changed. The page shows how to do it by hand.
:finish
del "%pem%" "%cer%" 2>nul
echo.
pause
"""


def profile(ca: Ca, practice: str) -> bytes:
    """A configuration profile for iPhone, iPad and Mac: one trusted root and nothing else. The same certificate always makes the same identifiers."""
    digest = ca.fingerprint().sha256
    own, inner = (str(uuid.uuid5(_SPACE, f"{digest} {part}")).upper() for part in ("profile", "root"))
    name = f"local.keepline.{digest[:16].lower()}"
    root = {
        "PayloadType": "com.apple.security.root",
        "PayloadVersion": 1,
        "PayloadIdentifier": f"{name}.root",
        "PayloadUUID": inner,
        "PayloadDisplayName": ca.name,
        "PayloadDescription": "The certificate of one Keepline box. It is good for that box's own page only.",
        "PayloadCertificateFileName": f"{FILE}.crt",
        "PayloadContent": ca.der,
    }
    whole = {
        "PayloadType": "Configuration",
        "PayloadVersion": 1,
        "PayloadIdentifier": name,
        "PayloadUUID": own,
        "PayloadDisplayName": f"Keepline: {practice}",
        "PayloadDescription": "Lets this device trust the page of your practice's Keepline box. It changes nothing else.",
        "PayloadOrganization": practice,
        "PayloadRemovalDisallowed": False,
        "PayloadContent": [root],
    }
    return plistlib.dumps(whole, sort_keys=False)


def commands(ca: Ca) -> bytes:
    """A command file for Windows: shows the fingerprint, asks, and has Windows' own certutil add the certificate to this account's roots."""
    found = ca.fingerprint()
    body = base64.b64encode(ca.der).decode("ascii")
    pem = ["-----BEGIN CERTIFICATE-----", *(body[place : place + 64] for place in range(0, len(body), 64))]
    pem.append("-----END CERTIFICATE-----")
    text = _COMMANDS.replace("@PEM@", "\n".join(f"echo {line}" for line in pem))
    text = text.replace("@LINES@", "\n".join(f"echo  {line}" for line in found.lines()))
    return text.replace("@SHORT@", found.short()).replace("\n", "\r\n").encode("ascii")
