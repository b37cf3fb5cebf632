//! The options of `with`.

use std::fmt;
use std::marker::PhantomData;

use super::With;
use crate::blocks::Shell;
use crate::blocks::values::{self, Given, Invalid};
use crate::build::builder::Builder;
use crate::build::check::{Check, Checked, IsHanded, IsPolicy, IsShared};
use crate::build::feed::{Feed, Ignores, Takes, Uses};
use crate::build::options::ErrorType;
use crate::build::scope::{At, Scope};
use crate::error::Failure;
use crate::node::Meta;
use crate::run::Step;

/// The options of `with`.
pub struct Options<E, G> {
    #[doc(hidden)]
    pub error: ErrorType<E>,
    #[doc(hidden)]
    pub values: G,
}

/// Its values.
pub struct Values<T> {
    /// The policy. Written first in the parentheses, without a name.
    pub policy: T,
}

impl<T: Send + Sync> values::Values for Values<T> {
    type Checked = T;

    fn check(self, _meta: &'static Meta) -> Result<T, Invalid> {
        Ok(self.policy)
    }
}

/// What is to be a policy, as far as runs on several threads can see it.
pub fn shared<T>(value: T) -> Checked<IsShared<T>, T, (T,)> {
    Check::new(value)
}

/// What an option given is, of the expression in the text.
pub mod given {
    /// What is to be a policy. That it is one for the body is known when there is a body.
    pub fn policy<T>((value,): (T,)) -> T {
        value
    }
}

/// What the body takes of the piped value: all of it, or nothing.
pub trait Usage<In> {
    /// As a feed.
    type Feed: Feed<In>;

    /// The feed.
    fn feed(self) -> Self::Feed;
}

impl<In: Send + 'static> Usage<In> for Uses {
    type Feed = Takes;

    fn feed(self) -> Takes {
        Takes
    }
}

impl<In: Send + 'static> Usage<In> for Ignores {
    type Feed = Ignores;

    fn feed(self) -> Ignores {
        Ignores
    }
}

/// The point inside the block, and what the body takes of the piped value.
pub fn enter<S, In, E, U: Usage<In>>(
    _builder: &Builder<S, In, E>,
    usage: U,
) -> (Builder<S, <U::Feed as Feed<In>>::Takes, E>, U::Feed) {
    (Builder::new(), usage.feed())
}

/// The options, of which it is known that there is a policy among them, and how often that may run the body.
pub struct Judged<E, G, Runs> {
    options: Options<E, G>,
    runs: PhantomData<fn() -> Runs>,
}

impl<S: Scope, In: Send + 'static, E: Failure> Builder<S, In, E> {
    /// The options, as far as what stands in the head is a policy for `body`.
    pub fn judged<G, B, Runs>(
        self,
        options: Options<E, G>,
        _body: &B,
    ) -> Checked<IsPolicy<G::Value, B::Out, E, Runs>, Judged<E, G, Runs>, (G::Value, B::Out, E, Runs)>
    where
        G: Given<At<S, In>>,
        B: Step<At<S, In>, E>,
    {
        Check::new(Judged { options, runs: PhantomData })
    }

    /// The options, as far as what is piped can be given to as many runs of the body as the policy may make.
    pub fn handed<G, Runs>(
        self,
        judged: Judged<E, G, Runs>,
    ) -> Checked<IsHanded<In, Runs>, Judged<E, G, Runs>, (In, Runs)> {
        Check::new(judged)
    }
}

/// The body, as the policy runs it.
pub fn with<S, In, E, G, Runs, F, B>(
    _builder: &Builder<S, In, E>,
    meta: &'static Meta,
    judged: Judged<E, G, Runs>,
    feed: F,
    body: B,
) -> Shell<With<B, G, F, Runs>> {
    Shell::new(meta, With { body, feed, given: judged.options.values, runs: judged.runs, meta })
}

impl<E, G: fmt::Debug> fmt::Debug for Options<E, G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options").field("values", &self.values).finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for Values<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Values")
    }
}

impl<E, G, Runs> fmt::Debug for Judged<E, G, Runs> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Judged")
    }
}
