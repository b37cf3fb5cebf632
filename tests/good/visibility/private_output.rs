//! An output that is private further out than the task.

use async_orch::pipeline;

use crate::now;

#[derive(Clone)]
struct Secret(u32);

mod inner {
    use super::Secret;

    #[async_orch::task]
    pub fn make(n: u32) -> Secret {
        Secret(n)
    }

    #[async_orch::task]
    pub async fn several(secret: Secret) -> (Vec<Secret>, Option<[Secret; 1]>) {
        (vec![secret.clone()], Some([secret]))
    }

    #[async_orch::task(blocking)]
    pub fn fallible(n: u32) -> Result<Secret, std::fmt::Error> {
        Ok(Secret(n))
    }

    #[async_orch::task]
    pub fn function() -> fn(Secret) -> u32 {
        |secret| secret.0
    }
}

#[test]
fn the_output_stays_private() {
    let p = pipeline! {
        |_: u32|
        seq <
            inner::make
            inner::several
            |(all, _)| { all[0].0 }
            inner::fallible
            let secret = |secret| { secret }
            let function = inner::function()
            |_| { function(secret.clone()) }
        >
    };
    assert_eq!(now(p.run(3)).unwrap(), 3);
}
