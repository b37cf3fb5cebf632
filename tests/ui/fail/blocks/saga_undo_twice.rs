use async_orch::{pipeline, task};

#[task]
async fn refund(receipt: u64) {
    let _ = receipt;
}

#[task]
async fn charge(cents: u32) -> Result<u64, std::io::Error> {
    Ok(cents.into())
}

fn main() {
    let _ = pipeline! { |_: u32| saga < charge undo refund undo refund > };
}
//~     let _ = pipeline! { |_: u32| saga < charge undo refund undo refund > };
//~                                                            ^^^^
