use std::path::PathBuf;

use async_orch::{BoxError, task};

#[derive(Clone, Debug)]
pub struct Order {
    pub id: u32,
    pub cents: u64,
    pub item: String,
}

#[derive(Clone, Debug)]
pub struct Place {
    pub shelf: String,
}

#[task]
pub async fn lock_order(root: PathBuf, id: u32) -> Result<PathBuf, BoxError> {
    Ok(root.join(id.to_string()))
}

#[task]
pub async fn unlock(lock: PathBuf) -> Result<(), BoxError> {
    let _ = lock;
    Ok(())
}

#[task]
pub async fn charge(key: String, cents: u64) -> Result<u64, BoxError> {
    let _ = key;
    Ok(cents)
}

#[task]
pub async fn void(key: String) -> Result<(), BoxError> {
    let _ = key;
    Ok(())
}

#[task]
pub async fn reserve(item: String) -> Result<Place, BoxError> {
    Ok(Place { shelf: item })
}

#[task]
pub async fn put_back(place: Place) -> Result<(), BoxError> {
    let _ = place;
    Ok(())
}

#[task]
pub async fn ship(order: Order, shelf: String) -> Result<String, BoxError> {
    Ok(format!("{order:?} {shelf}"))
}

pub fn build(root: PathBuf) {
    let _ = async_orch::pipeline! {
        let root = root;
        move |order: Order|
        saga(name = "checkout") <
            lock_order(root.clone(), order.id) finally unlock
            let key = |_| { format!("order-{}", order.id) } undo retry(max_attempts = 5) < void(key.clone()) >
            timeout(200ms) < charge(key.clone(), order.cents) >
            let item = reserve(order.item.clone()) undo put_back
            ship(order.clone(), item.shelf.clone())
        >
    };
}
