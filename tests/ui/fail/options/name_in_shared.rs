use async_orch::{pipeline, task};

#[task]
async fn number(n: u32) -> u32 {
    n
}

fn main() {
    let _ = pipeline! {
        |most: u32|
        circuit(fail_max = *most) < number(1) >
    };
}
//~         circuit(fail_max = *most) < number(1) >
//~                 ^^^^^^^^
