//! Tower's services and layers, with the feature `tower`: a pipeline as a service, and a layer around a step.
//!
//! [`service`] makes a [`Service`](https://docs.rs/tower/latest/tower/trait.Service.html) of a pipeline, to stand in any stack of layers. [`tower`] makes a
//! [`Policy`](crate::Policy) of a [`Layer`](https://docs.rs/tower/latest/tower/trait.Layer.html), to stand in the head of a `with`: whatever there is for tower (a
//! concurrency limit, a load shed, a layer of your own) then stands around a step.
//!
//! ```
//! use async_orch::pipeline;
//! use async_orch::tower::{service, tower};
//! use std::time::Duration;
//! use tower::ServiceExt;
//! use tower::limit::ConcurrencyLimitLayer;
//! use tower::timeout::TimeoutLayer;
//! use tower::timeout::error::Elapsed;
//!
//! # #[tokio::main(flavor = "current_thread", start_paused = true)]
//! # async fn main() -> Result<(), async_orch::Error> {
//! // A layer around a step.
//! let slow = pipeline! {
//!     |_: Duration|
//!     with(tower(TimeoutLayer::new(Duration::from_secs(1)))) < async |time| { tokio::time::sleep(time).await } >
//! };
//! slow.run(Duration::from_millis(900)).await?;
//! let error = slow.run(Duration::from_millis(1100)).await.unwrap_err();
//! assert!(error.is::<Elapsed>());
//! assert_eq!(error.path(), "with");
//!
//! // A pipeline as a service, under layers.
//! let double = service(pipeline! { |_: u32| |n| { n * 2 } });
//! let limited = tower::ServiceBuilder::new().layer(ConcurrencyLimitLayer::new(8)).service(double);
//! assert_eq!(limited.oneshot(21).await?, 42);
//! # Ok(())
//! # }
//! ```

mod body;
mod link;
mod policy;
mod service;

pub use body::{Body, BodyError, Call, Succeeded};
pub use policy::{Tower, tower, tower_again};
pub use service::{PipelineService, service};
