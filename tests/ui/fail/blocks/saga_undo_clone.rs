// An undo that uses an output which cannot be cloned.

use async_orch::{pipeline, task};

struct Receipt;

#[task]
async fn charge() -> Receipt {
    Receipt
}

#[task]
async fn refund(receipt: Receipt) {
    drop(receipt);
}

fn main() {
    let _ = pipeline! { saga < charge undo refund(_) |receipt| { drop(receipt) } > };
}
//~     let _ = pipeline! { saga < charge undo refund(_) |receipt| { drop(receipt) } > };
//~                                            ^^^^^^
