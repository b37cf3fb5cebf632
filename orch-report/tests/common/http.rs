//! A server, and who asks it. Not every test asks in all ways.
#![allow(dead_code)]

use std::net::SocketAddr;
use std::time::Duration;

use orch_report::live::Live;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

pub(crate) async fn served(live: Live) -> (SocketAddr, tokio::task::JoinHandle<std::io::Result<()>>) {
    let server = live.bind("127.0.0.1:0").await.unwrap();
    (server.address(), tokio::spawn(server.serve()))
}

pub(crate) async fn request(address: SocketAddr, request: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

/// The whole answer, of a server that closes.
pub(crate) async fn answer(address: SocketAddr, line: &str, headers: &str) -> String {
    let mut stream =
        request(address, &format!("{line} HTTP/1.1\r\nConnection: close\r\n{headers}\r\n")).await;
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    text
}

pub(crate) fn status(answer: &str) -> u16 {
    answer.split(' ').nth(1).unwrap().parse().unwrap()
}

/// What is told until a text has come.
pub(crate) async fn told(stream: &mut TcpStream, until: &str) -> String {
    let mut text = String::new();
    let reading = async {
        while !text.contains(until) {
            let mut bytes = [0; 4096];
            let length = stream.read(&mut bytes).await.unwrap();
            assert!(length > 0, "it ended: {text}");
            text.push_str(&String::from_utf8_lossy(&bytes[..length]));
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(10), reading).await;
    assert!(waited.is_ok(), "{until} was not told: {text}");
    text
}
