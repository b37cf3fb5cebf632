//! A wait on the run's clock.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::runtime::BoxFuture;

pin_project! {
    #[project = SleepProjection]
    pub(super) enum Sleep<'a> {
        Tokio { #[pin] sleep: tokio::time::Sleep },
        Runtime { sleep: BoxFuture<'a, ()> },
    }
}

impl Future for Sleep<'_> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        match self.project() {
            SleepProjection::Tokio { sleep } => sleep.poll(cx),
            SleepProjection::Runtime { sleep } => sleep.as_mut().poll(cx),
        }
    }
}
