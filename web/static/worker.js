/** A service worker that serves nothing: whether it may be registered tells `trusted.js` that this browser trusts the box. */
