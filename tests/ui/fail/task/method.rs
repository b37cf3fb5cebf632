use async_orch::task;

struct Client;

impl Client {
    #[task]
    async fn fetch(&self, id: u32) -> String {
        id.to_string()
    }
}

fn main() {
    let _ = Client.fetch(1);
}
//~     async fn fetch(&self, id: u32) -> String {
//~                    ^
