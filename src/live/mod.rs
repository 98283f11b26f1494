//! WebSockets: one per tab (`/ws`), one per visitor (`/widget/ws`). Frames are those of [`crate::wire::live`].

pub mod connection;
mod sink;
mod socket;
mod staff;
mod visitor;

pub use self::{
    connection::{Connection, SocketLimit},
    socket::{MAX_FRAME, SignIn, Socket, StillValid, Visitor, Who},
};
