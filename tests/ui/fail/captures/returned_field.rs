use async_orch::pipeline;

struct User {
    name: String,
}

fn main() {
    let _ = pipeline! { |user: User| |_| { &user.name } };
}
//~     let _ = pipeline! { |user: User| |_| { &user.name } };
//~                                            ^^^^^^^^^^
