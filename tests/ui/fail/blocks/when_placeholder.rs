use async_orch::{pipeline, task};

#[task]
fn double(n: u32) -> u32 {
    n * 2
}

struct Hosts;

impl Hosts {
    fn of(&self, n: u32) -> usize {
        n as usize
    }
}

fn main() {
    let hosts = Hosts;
    let _ = pipeline! { |_: u32| when(hosts.of(_) > 3) < double > };
}
//~     let _ = pipeline! { |_: u32| when(hosts.of(_) > 3) < double > };
//~                                                ^
