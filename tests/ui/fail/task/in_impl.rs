// An associated function without `self`: an attribute does not see that it stands in an `impl`.
struct Client;

impl Client {
    #[async_orch::task]
    async fn fetch(id: u32) -> String {
        format!("#{id}")
    }
}

fn main() {
    drop(Client::fetch(1));
}
//~     async fn fetch(id: u32) -> String {
//~              ^^^^^
