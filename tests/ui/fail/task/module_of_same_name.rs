// The type of a task's name meets the module of that name where it is exported.
mod publish {
    #[async_orch::task]
    pub async fn publish(id: u32) -> u32 {
        id
    }
}

pub use publish::publish;

fn main() {}
//~ pub use publish::publish;
//~         ^^^^^^^^^^^^^^^^
