//! The bytes of a client's connection from its handshake on: what comes behind the server's answer is read once more.
//!
//! Behind a client's handshake the library reads on into a buffer that it makes anew for about every KiB, with a system call for each.
//! One that is made of a connection alone is as large as its configuration says. So the connection is taken back from the handshake,
//! and what was read with the answer and belongs to messages is read first.

use std::{
    io::{self, ErrorKind, Read, Write},
    pin::Pin,
    task::{Context, Poll, Waker, ready},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::wire::Wire;

/// What ends a server's answer.
const END: &[u8] = b"\r\n\r\n";

/// A connection that can give again what was read during its handshake.
#[derive(Debug)]
pub(crate) struct Line {
    wire: Wire,
    /// What was read, as long as the handshake lasts, and afterwards what is to be read again.
    early: Vec<u8>,
    /// How many bytes of it were read again; `None` during the handshake.
    again: Option<usize>,
    /// Who is woken when what was not ready is.
    waker: Waker,
}

impl Line {
    /// A connection that begins with a handshake of ours.
    pub(crate) fn asking(wire: Wire) -> Self {
        Self { wire, early: Vec::new(), again: None, waker: Waker::noop().clone() }
    }

    /// A connection of which nothing is to be read again.
    pub(crate) fn answering(wire: Wire) -> Self {
        Self { wire, early: Vec::new(), again: Some(0), waker: Waker::noop().clone() }
    }

    /// The handshake is over: what was read behind the server's answer is read again.
    pub(crate) fn after_handshake(mut self) -> Self {
        let end = self.early.windows(END.len()).position(|bytes| bytes == END);
        self.early.drain(..end.map_or(0, |at| at + END.len()));
        self.again = Some(0);
        self
    }

    /// What is not ready from now on wakes the task of `cx`.
    pub(crate) fn wake(&mut self, cx: &Context<'_>) {
        if !self.waker.will_wake(cx.waker()) {
            self.waker = cx.waker().clone();
        }
    }
}

/// Behind the handshake: what is not ready says so, and wakes its task when it is.
impl Read for Line {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let mut into = ReadBuf::new(into);
        let Self { wire, early, again, waker } = self;
        done(read(wire, early, again, &mut Context::from_waker(waker), &mut into))?;
        Ok(into.filled().len())
    }
}

impl Write for Line {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        done(Pin::new(&mut self.wire).poll_write(&mut Context::from_waker(&self.waker), bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        done(Pin::new(&mut self.wire).poll_flush(&mut Context::from_waker(&self.waker)))
    }
}

fn done<T>(polled: Poll<io::Result<T>>) -> io::Result<T> {
    match polled {
        Poll::Ready(done) => done,
        Poll::Pending => Err(ErrorKind::WouldBlock.into()),
    }
}

fn read(
    wire: &mut Wire,
    early: &mut Vec<u8>,
    again: &mut Option<usize>,
    cx: &mut Context<'_>,
    into: &mut ReadBuf<'_>,
) -> Poll<io::Result<()>> {
    match again {
        Some(at) if *at < early.len() => {
            let rest = &early[*at..];
            let count = rest.len().min(into.remaining());
            into.put_slice(&rest[..count]);
            *at += count;
            if *at == early.len() {
                (*early, *at) = (Vec::new(), 0);
            }
            Poll::Ready(Ok(()))
        }
        Some(_) => Pin::new(wire).poll_read(cx, into),
        None => {
            let before = into.filled().len();
            ready!(Pin::new(wire).poll_read(cx, into))?;
            early.extend_from_slice(&into.filled()[before..]);
            Poll::Ready(Ok(()))
        }
    }
}

impl AsyncRead for Line {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let Self { wire, early, again, .. } = self.get_mut();
        read(wire, early, again, cx, into)
    }
}

impl AsyncWrite for Line {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().wire).poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().wire).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().wire).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::{TcpListener, TcpStream},
    };

    use super::*;

    async fn read(line: &mut Line, count: usize) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; count];
        AsyncReadExt::read_exact(line, &mut bytes).await.map(|_| bytes)
    }

    #[tokio::test]
    async fn what_came_with_the_answer_is_read_again_and_nothing_twice() -> io::Result<()> {
        let answer = b"HTTP/1.1 101 Switching Protocols\r\nA: b\r\n\r\n";
        for early in [&b""[..], b"a", b"a message\r\n\r\nand more"] {
            let listener = TcpListener::bind("127.0.0.1:0").await?;
            let mut line = Line::asking(Wire::Plain(TcpStream::connect(listener.local_addr()?).await?));
            let (mut server, _) = listener.accept().await?;
            server.write_all(&[answer, early].concat()).await?;
            // The library reads what there is, and looks for the end of the answer in it.
            read(&mut line, answer.len() + early.len()).await?;
            let mut line = line.after_handshake();
            server.write_all(b"later").await?;
            // In pieces that do not end where the early bytes do.
            let mut seen = Vec::new();
            while seen.len() < early.len() + 5 {
                let mut piece = [0; 4];
                let count = AsyncReadExt::read(&mut line, &mut piece).await?;
                seen.extend_from_slice(&piece[..count]);
            }
            assert_eq!(seen, [early, b"later"].concat());
        }
        Ok(())
    }
}
