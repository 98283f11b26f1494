//! What systemd is told (`sd_notify(3)`): a datagram to the socket that it names. Elsewhere: nothing.

use std::{
    env,
    os::{
        linux::net::SocketAddrExt,
        unix::net::{SocketAddr, UnixDatagram},
    },
};

/// `READY=1`, `STOPPING=1`, `WATCHDOG=1`. Whether anybody was told.
pub(super) fn notify(state: &str) -> bool {
    let Some(name) = env::var_os("NOTIFY_SOCKET") else { return false };
    let name = name.as_encoded_bytes();
    let address = match name.strip_prefix(b"@") {
        Some(name) => SocketAddr::from_abstract_name(name),
        None => str::from_utf8(name).map_err(std::io::Error::other).and_then(SocketAddr::from_pathname),
    };
    let told = address.and_then(|address| {
        let socket = UnixDatagram::unbound()?;
        socket.set_nonblocking(true)?;
        socket.send_to_addr(state.as_bytes(), &address)
    });
    if let Err(error) = &told {
        tracing::debug!(%error, "systemd was not told {state}");
    }
    told.is_ok()
}
