//! `$task:path`, alone and with more after it; `$crate` in `crate = …`.

use async_orch::{pipeline, task};

use crate::now;

pub(crate) mod tasks {
    #[async_orch::task]
    pub(crate) fn one() -> u32 {
        1
    }

    #[async_orch::task]
    pub(crate) fn parse<T: std::str::FromStr>(text: String) -> Option<T> {
        text.parse().ok()
    }
}

pub(crate) mod library {
    pub(crate) use async_orch::*;
}

macro_rules! in_module {
    ($module:ident, $task:ident) => {
        pipeline! { seq < $module::$task self::$module::$task() > }
    };
}

macro_rules! whole {
    ($task:path) => {
        pipeline! { par < $task $task() > }
    };
    ($task:path, $ty:ty) => {
        pipeline! { |_: String| $task::<$ty> }
    };
}

macro_rules! generic {
    ($name:ident::<$ty:ty>) => {
        pipeline! { |_: String| seq < tasks::$name::<$ty>(_) > }
    };
}

macro_rules! from_here {
    ($name:ident) => {
        #[task(crate = $crate::fragments::path::library)]
        fn $name() -> u32 {
            5
        }
    };
    (run $name:path) => {
        pipeline! { crate = $crate::fragments::path::library; $name }
    };
}

from_here!(five);

#[test]
fn a_path_is_a_task() {
    assert_eq!(now(in_module!(tasks, one).run(())).unwrap(), 1);
    assert_eq!(now(whole!(tasks::one).run(())).unwrap(), (1, 1));
    assert_eq!(now(whole!(tasks::parse, u8).run("7".to_owned())).unwrap(), Some(7));
    assert_eq!(now(generic!(parse::<u16>).run("x".to_owned())).unwrap(), None);
    assert_eq!(now(from_here!(run five).run(())).unwrap(), 5);
}
