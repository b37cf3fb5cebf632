// `Self` names a type of the `impl` around.
struct Client;

impl Client {
    #[async_orch::task]
    fn connect(_address: String) -> Self {
        Client
    }
}

fn main() {
    let _: Client = Client::connect(String::new());
}
//~     fn connect(_address: String) -> Self {
//~                                     ^^^^
