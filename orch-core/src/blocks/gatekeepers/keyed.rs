//! One handle for each key, of which no more are kept than there should be.

use std::borrow::Borrow;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::hash::Hash;
use std::sync::PoisonError;

use super::Handle;
use crate::sync::{Arc, Mutex, MutexGuard};

/// A [`Breaker`](crate::Breaker), [`Bulkhead`](crate::Bulkhead) or [`Limiter`](crate::Limiter) for each key, such as a host or a
/// tenant: made when it is first asked for, and the same one from then on.
///
/// It keeps `capacity` of them. When there are more, the one goes that was not asked for for the longest time, among those that are
/// *at rest*: a closed breaker without failures, a bulkhead in which nobody is or waits, a limiter whose bucket is full. To make
/// such a one anew is to have the same. If none is at rest,
///
/// - the oldest closed breaker goes, with its failures; one that is half-open, isolated, or was opened less than its
///   `reset_timeout` ago is never forgotten;
/// - no bulkhead goes that somebody is in, and no limiter whose bucket is not full, since more would be let through than may.
///
/// Then there are more than `capacity` for a while: nobody is turned away for it.
///
/// Who holds a handle that was forgotten keeps it. A clone is the same registry. What makes the handles is called
/// while nothing is locked. It may be called once more than needed where two threads ask for a new key at once; both get the same
/// handle. A panic of it is the caller's, and nothing is kept.
///
/// # Example: a breaker per host, from data
///
/// ```
/// use async_orch::{Breaker, ErrorKind, Keyed, pipeline, task};
///
/// #[task]
/// async fn get(host: String) -> Result<usize, std::io::Error> {
///     if host == "down.example" { Err(std::io::ErrorKind::ConnectionRefused.into()) } else { Ok(host.len()) }
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let hosts = Keyed::new(1_000, |_host: &String| Breaker::builder().fail_max(2).build());
/// let fetch = pipeline! {
///     let hosts = hosts.clone();
///     |_: String|
///     async |host, cx| {
///         let breaker = hosts.get(&host);
///         cx.run(&pipeline! { |_: String| circuit(breaker = breaker) < get > }, host).await
///     }
/// };
/// for _ in 0..2 {
///     assert!(fetch.run("down.example".to_owned()).await.unwrap_err().is::<std::io::Error>());
/// }
/// let error = fetch.run("down.example".to_owned()).await.unwrap_err();
/// assert!(matches!(error.kind(), ErrorKind::CircuitOpen { .. }));
/// assert_eq!(fetch.run("up.example".to_owned()).await.unwrap(), 10);
/// assert_eq!(hosts.len(), 2);
/// # }
/// ```
pub struct Keyed<K, H> {
    shared: Arc<Shared<K, H>>,
}

struct Shared<K, H> {
    capacity: usize,
    make: Box<dyn Fn(&K) -> H + Send + Sync>,
    inner: Mutex<Inner<K, H>>,
}

struct Inner<K, H> {
    entries: HashMap<K, Entry<H>>,
    /// The keys, in the order in which they were asked for.
    order: BTreeMap<u64, K>,
    last: u64,
}

struct Entry<H> {
    handle: H,
    asked: u64,
}

/// Whether a handle may be forgotten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rest {
    /// A new one is the same.
    Full,
    /// A new one has forgotten something that may be.
    Light,
    /// Never.
    None,
}

impl<K, H> Keyed<K, H>
where
    K: Hash + Eq + Clone,
    H: Handle,
{
    /// A registry of so many handles, which `make` makes, each for its key.
    ///
    /// # Panics
    ///
    /// If the capacity is zero.
    ///
    /// ```
    /// use async_orch::{Bulkhead, Keyed};
    ///
    /// let tenants = Keyed::new(500, |tenant: &u64| Bulkhead::new(if *tenant == 0 { 100 } else { 10 }));
    /// assert_eq!(tenants.get(&7).max(), 10);
    /// ```
    #[track_caller]
    pub fn new(capacity: usize, make: impl Fn(&K) -> H + Send + Sync + 'static) -> Self {
        assert!(capacity > 0, "the capacity must be at least 1");
        let inner = Inner { entries: HashMap::new(), order: BTreeMap::new(), last: 0 };
        Keyed { shared: Arc::new(Shared { capacity, make: Box::new(make), inner: Mutex::new(inner) }) }
    }

    /// The handle of a key. Made anew if there is none.
    ///
    /// ```
    /// use async_orch::{Keyed, Limiter};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let hosts = Keyed::new(100, |_: &String| Limiter::builder(10).burst(3).build());
    /// assert_eq!(hosts.get("a.example").available(), 3);
    /// # }
    /// ```
    #[must_use]
    #[track_caller]
    pub fn get<Q>(&self, key: &Q) -> H
    where
        K: Borrow<Q>,
        Q: ?Sized + Hash + Eq + ToOwned<Owned = K>,
    {
        if let Some(handle) = self.lock().known(key) {
            return handle;
        }
        // Not under the lock: it may ask for another one here.
        let key = key.to_owned();
        let made = (self.shared.make)(&key);
        let mut inner = self.lock();
        // Somebody else may have been faster.
        if let Some(handle) = inner.known(key.borrow()) {
            return handle;
        }
        inner.last += 1;
        let asked = inner.last;
        inner.order.insert(asked, key.clone());
        inner.entries.insert(key, Entry { handle: made.clone(), asked });
        let mut forgotten = Vec::new();
        while inner.entries.len() > self.shared.capacity {
            let Some(entry) = inner.take_oldest() else { break };
            forgotten.push(entry);
        }
        // Keys are the user's, and are dropped when the lock has been released.
        drop(inner);
        made
    }

    fn lock(&self) -> MutexGuard<'_, Inner<K, H>> {
        self.shared.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many handles there are.
    ///
    /// ```
    /// use async_orch::{Breaker, Keyed};
    ///
    /// let hosts = Keyed::new(2, |_: &u8| Breaker::new());
    /// for host in 0..9 {
    ///     assert!(hosts.get(&host).failures() == 0);
    /// }
    /// assert_eq!(hosts.len(), 2);
    /// ```
    #[must_use]
    pub fn len(&self) -> usize {
        self.lock().entries.len()
    }

    /// Whether there is none.
    ///
    /// ```
    /// use async_orch::{Breaker, Keyed};
    ///
    /// assert!(Keyed::new(2, |_: &u8| Breaker::new()).is_empty());
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<K: Hash + Eq, H: Handle> Inner<K, H> {
    /// The handle of a key, which has just been asked for.
    fn known<Q: ?Sized + Hash + Eq>(&mut self, key: &Q) -> Option<H>
    where
        K: Borrow<Q>,
    {
        let Entry { handle, asked } = self.entries.get_mut(key)?;
        self.last += 1;
        if let Some(key) = self.order.remove(asked) {
            self.order.insert(self.last, key);
            *asked = self.last;
        }
        Some(handle.clone())
    }

    /// Takes out the one to forget: not the newest, for which this is done.
    fn take_oldest(&mut self) -> Option<(K, Entry<H>)> {
        let (mut full, mut light) = (None, None);
        for (asked, key) in self.order.range(..self.last) {
            match self.entries.get(key).map_or(Rest::Full, |entry| entry.handle.rest()) {
                Rest::Full => {
                    full = Some(*asked);
                    break;
                }
                Rest::Light => light = light.or(Some(*asked)),
                Rest::None => {}
            }
        }
        let key = self.order.remove(&full.or(light)?)?;
        let entry = self.entries.remove(&key)?;
        Some((key, entry))
    }
}

impl<K, H> Clone for Keyed<K, H> {
    fn clone(&self) -> Self {
        Keyed { shared: self.shared.clone() }
    }
}

impl<K, H> fmt::Debug for Keyed<K, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let len = self.shared.inner.lock().unwrap_or_else(PoisonError::into_inner).entries.len();
        f.debug_struct("Keyed")
            .field("capacity", &self.shared.capacity)
            .field("len", &len)
            .finish_non_exhaustive()
    }
}
