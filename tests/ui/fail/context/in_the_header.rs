use async_orch::pipeline;

fn main() {
    let _p = pipeline! { |n: u32, cx| |()| { *n } };
}
//~     let _p = pipeline! { |n: u32, cx| |()| { *n } };
//~                                 ^
