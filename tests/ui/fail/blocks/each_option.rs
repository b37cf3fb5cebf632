use async_orch::pipeline;

fn main() {
    let _ = pipeline! { |_: Option<u32>| each < |n: String| { n } > };
}
//~     let _ = pipeline! { |_: Option<u32>| each < |n: String| { n } > };
//~                                                  ^
