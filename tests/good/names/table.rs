//! Types of the user's in a body that are called as those of an expansion.

use async_orch::{pipeline, task};

use crate::now;

#[derive(Debug)]
struct Table {
    rows: u32,
}
struct Meta(u32);
struct Place;
struct Task;
enum Step {
    One,
}
type Root = u32;

#[task]
fn rows(table: Table) -> Root {
    table.rows
}

#[test]
fn a_body_sees_the_users_types() {
    let p = pipeline! {
        |_: u32|
        seq <
            |n| { Table { rows: n } }
            rows
            |n: Root| { let (Meta(m), Place, Task, Step::One) = (Meta(n), Place, Task, Step::One); m }
        >
    };
    assert_eq!(now(p.run(3)).unwrap(), 3);
}
