use async_orch::pipeline;

fn main() {
    let _ = pipeline! { |_: u32| seq < |n| { if n == 0 { return Err("zero"); } Ok(std::rc::Rc::new(n)) } |n| { *n } > };
}
//~     let _ = pipeline! { |_: u32| seq < |n| { if n == 0 { return Err("zero"); } Ok(std::rc::Rc::new(n)) } |n| { *n } > };
//~                                        ^
