//! `!`: a task that never comes to an end.

use async_orch::{ErrorKind, pipeline, task};
use std::convert::Infallible;

use crate::now;

#[task]
async fn serve(_n: u32) -> ! {
    loop {
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    }
}

#[task(spawn)]
async fn spawned() -> ! {
    std::future::pending().await
}

#[task]
fn stop(text: String) -> ! {
    panic!("{}", text)
}

#[task(blocking)]
fn block<T>(_value: T) -> ! {
    panic!("blocked")
}

#[test]
fn a_task_may_give_nothing_ever() {
    let p = pipeline! { |_: u32| par < timeout(10s) < serve > timeout(1s) < spawned() > > };
    assert!(matches!(now(p.run(1)).unwrap_err().kind(), ErrorKind::TimedOut));
    let p = pipeline! { |_: String| catch < stop > };
    let stopped: Result<Infallible, _> = now(p.run("stop".to_owned()));
    assert!(matches!(stopped.unwrap_err().kind(), ErrorKind::Panicked(_)));
    let p = pipeline! { |_: u32| catch < block > };
    assert!(now(p.run(1)).is_err());
}
