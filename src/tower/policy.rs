//! A layer as a policy.

use std::error::Error as StdError;
use std::fmt;
use std::future::poll_fn;
use std::marker::PhantomData;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use orch_core::{Again, Error, ErrorKind, Failure, Next, Once, Origin, Policy};
use tokio::sync::Mutex;
use tower_layer::Layer;
use tower_service::Service;

use super::link::{Link, Wanted};
use super::{Body, BodyError, Call, Succeeded};

/// A layer as a [`Policy`]: what [`tower`] and [`tower_again`] make.
pub struct Tower<S, Runs = Once> {
    service: Mutex<S>,
    runs: PhantomData<fn() -> Runs>,
}

/// A layer around the body of a `with`, which it runs once at most: a timeout, a concurrency limit, a rate limit, a load shed, a
/// buffer, or several as a `ServiceBuilder`.
///
/// The layer is applied once, here; what its service holds is shared by all runs of the block, and by all blocks that are given a
/// reference to it, or clones of an `Arc` of it. A run waits until the service is ready, in order of arrival. Each run is one
/// allocation.
///
/// ```
/// use async_orch::pipeline;
/// use async_orch::tower::tower;
/// use tower::ServiceBuilder;
/// use tower::load_shed::error::Overloaded;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// // Two at once, and who comes then is turned away.
/// let two = tower(ServiceBuilder::new().load_shed().concurrency_limit(2));
/// let query = pipeline! { |_: u32| with(&two) < async |id| { tokio::task::yield_now().await; id } > };
/// let (a, b, c) = tokio::join!(query.run(1), query.run(2), query.run(3));
/// assert_eq!((a.unwrap(), b.unwrap()), (1, 2));
/// let error = c.unwrap_err();
/// assert!(error.is::<Overloaded>() && error.kind().is_rejection());
/// # }
/// ```
///
/// What a layer needs of a request is in its type: that it is `Send + 'static` (`buffer` asks for it) holds, as the body itself stays in its
/// run; that it is `Clone` (`retry` asks for it) holds for [`tower_again`] alone. A layer that spawns a task, as `buffer` does, has to be made
/// on a runtime of tokio. Middleware of tower's keeps time by tokio, whatever the run's [`Runtime`](crate::Runtime).
///
/// # Errors
///
/// If the body fails, and the layer hands that on, boxed or not, the block fails with the body's own error: it keeps its type, its path
/// and its attempts. Any other error of the layer is one of the block, [`ErrorKind::Policy`], from which
/// [`downcast_ref`](Error::downcast_ref) takes it. If the body had not run it is a [rejection](ErrorKind::is_rejection).
///
/// # Cancellation
///
/// A run of the body that the layer drops is cancelled, as a timeout does. Dropping the run drops what the layer has made for it.
// What the layer's service has to be is asked for where the policy is used, once.
pub fn tower<L: Layer<Body>>(layer: L) -> Tower<L::Service> {
    Tower::of(layer.layer(Body::new()))
}

/// A layer around the body of a `with` that may run it again, as `tower::retry` does: its request is [`Clone`]. What is piped into the body
/// has to be `Clone` too. Otherwise as [`tower`].
///
/// Each run of the body is an attempt of the block's, `cx.attempt()`. They run one after another, also if the layer asks for several at
/// once.
///
/// ```
/// use async_orch::pipeline;
/// use async_orch::tower::{tower_again, BodyError, Call, Succeeded};
/// use async_orch::Again;
/// use std::future::{ready, Ready};
/// use tower::retry::{Policy, RetryLayer};
///
/// /// So many times more.
/// #[derive(Clone)]
/// struct More(u32);
///
/// impl Policy<Call<Again>, Succeeded, BodyError> for More {
///     type Future = Ready<()>;
///
///     fn retry(&mut self, _: &mut Call<Again>, result: &mut Result<Succeeded, BodyError>) -> Option<Ready<()>> {
///         let error = result.as_ref().err()?;
///         self.0 = self.0.checked_sub(1)?;
///         error.is_retryable().then(|| ready(()))
///     }
///
///     fn clone_request(&mut self, call: &Call<Again>) -> Option<Call<Again>> {
///         Some(call.clone())
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let p = pipeline! {
///     with(tower_again(RetryLayer::new(More(2)))) < |(), cx| { if cx.attempt() < 3 { Err("not yet") } else { Ok(cx.attempt()) } } >
/// };
/// assert_eq!(p.run(()).await.unwrap(), 3);
/// # }
/// ```
///
/// # Errors
///
/// As [`tower`].
pub fn tower_again<L: Layer<Body<Again>>>(layer: L) -> Tower<L::Service, Again> {
    Tower::of(layer.layer(Body::new()))
}

impl<S, Runs> Tower<S, Runs> {
    fn of(service: S) -> Self {
        Tower { service: Mutex::new(service), runs: PhantomData }
    }

    /// What the service makes of a request, once it is ready.
    async fn request(&self, link: &Arc<Link>) -> Result<S::Future, S::Error>
    where
        S: Service<Call<Runs>>,
    {
        // Who waits for the service to be ready holds it, so that its waker is the one that is woken. A service that was found ready,
        // by a run that is dropped then, is ready for the next one.
        let mut service = self.service.lock().await;
        poll_fn(|cx| service.poll_ready(cx)).await?;
        Ok(service.call(Call::new(link)))
    }
}

#[diagnostic::do_not_recommend]
impl<T, E, S> Policy<T, E, Once> for Tower<S, Once>
where
    T: Send,
    E: Failure,
    S: Service<Call<Once>, Response = Succeeded, Future: Send, Error: Into<Boxed>> + Send,
{
    async fn apply(&self, next: Next<'_, T, E, Once>) -> Result<T, Error<E>> {
        let block = next.origin();
        run(self, OnceBody { next: Some(next), block }).await
    }
}

#[diagnostic::do_not_recommend]
impl<T, E, S> Policy<T, E, Again> for Tower<S, Again>
where
    T: Send,
    E: Failure,
    S: Service<Call<Again>, Response = Succeeded, Future: Send, Error: Into<Boxed>> + Send,
{
    async fn apply(&self, next: Next<'_, T, E, Again>) -> Result<T, Error<E>> {
        run(self, next).await
    }
}

/// A body, however often it may be run.
trait Runnable<T, E: Failure>: Send {
    fn call(&mut self) -> impl Future<Output = Result<T, Error<E>>> + Send;

    fn error(&self, kind: ErrorKind<E>) -> Error<E>;
}

impl<T, E: Failure> Runnable<T, E> for Next<'_, T, E, Again> {
    fn call(&mut self) -> impl Future<Output = Result<T, Error<E>>> + Send {
        Next::call(self)
    }

    fn error(&self, kind: ErrorKind<E>) -> Error<E> {
        Next::error(self, kind)
    }
}

/// A body that is run once at most.
struct OnceBody<'a, T, E> {
    next: Option<Next<'a, T, E, Once>>,
    block: Origin,
}

impl<T, E: Failure> Runnable<T, E> for OnceBody<'_, T, E> {
    fn call(&mut self) -> impl Future<Output = Result<T, Error<E>>> + Send {
        self.next.take().expect("the only request of the run asks once").call_once()
    }

    fn error(&self, kind: ErrorKind<E>) -> Error<E> {
        match &self.next {
            Some(next) => next.error(kind),
            None => self.block.error(kind),
        }
    }
}

/// The block is over when this is dropped.
struct Over<'l>(&'l Link);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.over();
    }
}

/// What comes next in a run.
enum Step<A, R> {
    /// The layer's future has given this.
    Answered(A),
    /// It wants the body to run.
    Wanted,
    /// It wants it no more.
    Stopped,
    /// The body has given this.
    Ended(R),
}

/// Runs what the layer has made, and beside it the body whenever that asks for it.
async fn run<T, E, S, Runs>(policy: &Tower<S, Runs>, mut body: impl Runnable<T, E>) -> Result<T, Error<E>>
where
    T: Send,
    E: Failure,
    S: Service<Call<Runs>, Response = Succeeded, Future: Send, Error: Into<Boxed>> + Send,
{
    let link = Link::new();
    // Dropped after what the layer has made. What that has sent elsewhere then knows that nothing runs any more.
    let _over = Over(&link);
    let future = match policy.request(&link).await {
        Ok(future) => future,
        Err(error) => return Err(body.error(ErrorKind::policy(error))),
    };
    let mut future = pin!(future);
    let (mut output, mut failure) = (None, None);
    let answer = loop {
        let step = poll_fn(|cx| {
            link.polls(cx);
            match (future.as_mut().poll(cx), link.wanted()) {
                (Poll::Ready(answer), _) => Poll::Ready(Step::Answered(answer)),
                (Poll::Pending, Wanted::Run) => Poll::Ready(Step::Wanted),
                (Poll::Pending, _) => Poll::Pending,
            }
        });
        match step.await {
            Step::Answered(answer) => break answer,
            Step::Wanted | Step::Stopped | Step::Ended(()) => {}
        }
        let step = {
            let mut run = pin!(body.call());
            poll_fn(|cx| {
                // The body first: one that is ready when its time is over is in time.
                if let Poll::Ready(result) = run.as_mut().poll(cx) {
                    return Poll::Ready(Step::Ended(result));
                }
                link.polls(cx);
                match (future.as_mut().poll(cx), link.wanted()) {
                    (Poll::Ready(answer), _) => Poll::Ready(Step::Answered(answer)),
                    (Poll::Pending, Wanted::Stop) => Poll::Ready(Step::Stopped),
                    (Poll::Pending, _) => Poll::Pending,
                }
            })
            .await
        };
        match step {
            Step::Answered(answer) => break answer,
            Step::Stopped | Step::Wanted => link.stopped(),
            Step::Ended(Ok(value)) => {
                output = Some(value);
                link.ended(Ok(()));
            }
            Step::Ended(Err(error)) => {
                link.ended(Err(BodyError::of(&error)));
                failure = Some(error);
            }
        }
    };
    link.over();
    match (answer, output, failure) {
        (Ok(Succeeded { .. }), Some(output), _) => Ok(output),
        (Ok(Succeeded { .. }), None, _) => Err(body.error(ErrorKind::policy(ANOTHER_RUN))),
        (Err(error), _, failure) => {
            let error = error.into();
            match failure {
                Some(failure) if BodyError::is_in(&*error) => Err(failure),
                _ => Err(body.error(ErrorKind::policy(error))),
            }
        }
    }
}

const ANOTHER_RUN: &str = "the layer gave the answer of another run";

type Boxed = Box<dyn StdError + Send + Sync>;

impl<S, Runs> fmt::Debug for Tower<S, Runs> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tower")
    }
}
