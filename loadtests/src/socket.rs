//! WebSockets: a frame reader that costs next to nothing for the load generator, and tokio-tungstenite with small buffers
//! for everything else.

use std::{
    io::{Read, Write},
    net::TcpStream,
    ops::Range,
};

use centralita::wire::live::{Ask, Frame};
use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpSocket;
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Message,
        client::IntoClientRequest,
        http::{HeaderValue, header::AUTHORIZATION},
        protocol::WebSocketConfig,
    },
};

use crate::{Outcome, http};

/// A text frame.
pub(crate) const TEXT: u8 = 1;
/// The server closes the connection.
pub(crate) const CLOSE: u8 = 8;
/// To be answered with [`PONG`] and the same payload.
pub(crate) const PING: u8 = 9;
/// The answer to [`PING`].
pub(crate) const PONG: u8 = 10;

/// A complete frame at the beginning of a buffer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RawFrame {
    /// What kind.
    pub(crate) opcode: u8,
    /// Where its payload lies; ends where the frame ends.
    pub(crate) payload: Range<usize>,
}

/// The server's frame at the beginning of `bytes`, once it is complete.
pub(crate) fn parse(bytes: &[u8]) -> Option<RawFrame> {
    let (first, second) = (*bytes.first()?, *bytes.get(1)?);
    let (start, length) = match second & 0x7f {
        126 => (4, u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?).into()),
        127 => (10, usize::try_from(u64::from_be_bytes(bytes.get(2..10)?.try_into().ok()?)).ok()?),
        short => (2, usize::from(short)),
    };
    let end = start + length;
    (end <= bytes.len()).then_some(RawFrame { opcode: first & 0x0f, payload: start..end })
}

/// A client's frame of less than 64 KiB, masked with zeros: allowed, and the payload travels as it is.
pub(crate) fn encode(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x80 | opcode];
    match (u8::try_from(payload.len()), u16::try_from(payload.len())) {
        (Ok(short @ ..126), _) => frame.push(0x80 | short),
        (_, length) => {
            frame.push(0x80 | 126);
            frame.extend_from_slice(&length.unwrap_or(u16::MAX).to_be_bytes());
        }
    }
    frame.extend_from_slice(&[0; 4]);
    frame.extend_from_slice(payload);
    frame
}

/// Opens an agent's socket for the load generator and subscribes to its own inbox. Returns what came after the handshake.
pub(crate) fn open_raw(host: &str, token: &str) -> Outcome<(TcpStream, Vec<u8>)> {
    let mut stream = TcpStream::connect(host)?;
    stream.set_nodelay(true)?;
    write!(
        stream,
        "GET /ws HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )?;
    let mut received = Vec::new();
    let mut some = [0; 1024];
    let response = loop {
        if let Some(response) = http::parse(&received)? {
            break response;
        }
        let length = stream.read(&mut some)?;
        if length == 0 {
            return Err("the server closed a WebSocket handshake".into());
        }
        received.extend(some.iter().take(length));
    };
    if response.status != 101 {
        return Err(format!("WebSocket handshake: {}", String::from_utf8_lossy(&received)).into());
    }
    received.drain(..response.body.end);
    stream.write_all(&encode(TEXT, subscription(None)?.as_bytes()))?;
    Ok((stream, received))
}

/// The request to follow one's own inbox, from a position when there is one.
fn subscription(from: Option<(&str, u64)>) -> Outcome<String> {
    let (epoch, pos) = from.map(|(epoch, pos)| (epoch.to_owned(), pos)).unzip();
    Ok(serde_json::to_string(&Ask::Subscribe { topic: "me".to_owned(), epoch, pos })?)
}

/// A socket with small buffers.
pub(crate) struct Socket(WebSocketStream<tokio::net::TcpStream>);

impl Socket {
    /// Connects. `receive_buffer` is the kernel's, in bytes; the kernel's own choice when none.
    pub(crate) async fn open(host: &str, token: &str, receive_buffer: Option<u32>) -> Outcome<Self> {
        let mut request = format!("ws://{host}/ws").into_client_request()?;
        request.headers_mut().insert(AUTHORIZATION, HeaderValue::from_str(&format!("Bearer {token}"))?);
        let tcp = TcpSocket::new_v4()?;
        if let Some(bytes) = receive_buffer {
            tcp.set_recv_buffer_size(bytes)?;
        }
        let stream = tcp.connect(host.parse()?).await?;
        stream.set_nodelay(true)?;
        let small = WebSocketConfig::default().read_buffer_size(4096).write_buffer_size(0).max_message_size(Some(16 << 20));
        let (socket, _) = tokio_tungstenite::client_async_with_config(request, stream, Some(small)).await?;
        Ok(Self(socket))
    }

    /// The near end's port.
    pub(crate) fn local_port(&self) -> Option<u16> {
        self.0.get_ref().local_addr().ok().map(|address| address.port())
    }

    /// Follows one's own inbox, from a position when there is one.
    pub(crate) async fn subscribe(&mut self, from: Option<(&str, u64)>) -> Outcome<()> {
        Ok(self.0.send(Message::text(subscription(from)?)).await?)
    }

    /// The next frame; none when the connection is over. Answers pings.
    pub(crate) async fn next(&mut self) -> Outcome<Option<Frame>> {
        match self.next_text().await {
            Some(text) => match serde_json::from_str(&text) {
                Ok(frame) => Ok(Some(frame)),
                Err(error) => Err(format!("a frame that cannot be read: {error} in {text}").into()),
            },
            None => Ok(None),
        }
    }

    /// The next frame as it came; none when the connection is over.
    pub(crate) async fn next_text(&mut self) -> Option<String> {
        loop {
            match self.0.next().await {
                Some(Ok(Message::Text(text))) => return Some(text.as_str().to_owned()),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return None,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    #[test]
    fn frames_of_every_length_are_taken_when_complete() {
        for length in [0_usize, 125, 126, 65_535, 65_536] {
            let mut frame = vec![0x81];
            match length {
                ..126 => frame.push(u8::try_from(length).unwrap()),
                126..65_536 => {
                    frame.push(126);
                    frame.extend_from_slice(&u16::try_from(length).unwrap().to_be_bytes());
                }
                _ => {
                    frame.push(127);
                    frame.extend_from_slice(&u64::try_from(length).unwrap().to_be_bytes());
                }
            }
            frame.extend(std::iter::repeat_n(b'x', length));
            assert_eq!(parse(&frame[..frame.len() - 1]), None);
            frame.push(0x81);
            let RawFrame { opcode, payload } = parse(&frame).unwrap();
            assert_eq!((opcode, payload.len(), payload.end), (TEXT, length, frame.len() - 1));
        }
    }

    /// Both clients against a real server side.
    #[tokio::test]
    async fn both_clients_shake_hands_and_subscribe() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let raw = tokio::task::spawn_blocking({
            let host = host.clone();
            move || open_raw(&host, "ctl_a").unwrap()
        });
        let asked = |stream| async {
            let mut socket = tokio_tungstenite::accept_async(stream).await.unwrap();
            let text = socket.next().await.unwrap().unwrap().into_text().unwrap().as_str().to_owned();
            socket.send(Message::text(r#"{"v":1,"topic":"-","epoch":"e","pos":0,"kind":"resync"}"#)).await.unwrap();
            text
        };
        assert_eq!(
            asked(listener.accept().await.unwrap().0).await,
            r#"{"kind":"subscribe","topic":"me","epoch":null,"pos":null}"#
        );
        raw.await.unwrap();
        let client = async {
            let mut socket = Socket::open(&host, "ctl_b", Some(4096)).await.unwrap();
            socket.subscribe(Some(("e", 7))).await.unwrap();
            socket.next().await.unwrap().unwrap()
        };
        let server = async { asked(listener.accept().await.unwrap().0).await };
        let (frame, text) = tokio::join!(client, server);
        assert_eq!(text, r#"{"kind":"subscribe","topic":"me","epoch":"e","pos":7}"#);
        assert_eq!((frame.epoch.as_str(), frame.v), ("e", 1));
    }
}
