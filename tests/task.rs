//! `#[task]` on every form of function.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt::{Debug, Display};
use std::io;
use std::sync::Arc;

use async_orch::{Task, pipeline, task};

use common::{Oops, at_once};

mod common;

mod forms {
    use super::*;

    #[task]
    async fn async_value(n: u32) -> u32 {
        n + 1
    }

    #[task]
    async fn async_result(n: u32) -> Result<u32, Oops> {
        if n == 0 { Err(Oops("zero")) } else { Ok(n) }
    }

    #[task]
    fn sync_value(n: u32) -> u32 {
        n * 2
    }

    #[task]
    fn sync_result(n: u32) -> Result<u32, Oops> {
        if n == 2 { Err(Oops("two")) } else { Ok(n) }
    }

    #[task]
    fn nothing() {}

    #[task]
    async fn given() -> &'static str {
        "given"
    }

    #[task]
    fn fails_with_nothing() -> Result<(), Oops> {
        Ok(())
    }

    #[task]
    async fn many(a: u8, b: u16, c: u32, d: u64, e: String, f: Vec<u8>, g: Option<bool>) -> String {
        format!("{a}{b}{c}{d}{e}{f:?}{g:?}")
    }

    #[test]
    fn async_and_sync_fallible_and_not() {
        let p = pipeline! { |_: u32| seq < async_value async_result sync_value sync_result > };
        assert_eq!(at_once(p.run(3)).unwrap(), 8);
        assert_eq!(at_once(p.run(0)).unwrap_err().downcast_ref(), Some(&Oops("two")));
    }

    #[test]
    fn without_parameters_and_without_a_value() {
        let p = pipeline! { seq < nothing fails_with_nothing nothing() given > };
        assert_eq!(at_once(p.run(())).unwrap(), "given");
    }

    #[test]
    fn with_many_parameters() {
        let p = pipeline! { |_: u32| many(1, 2, _, 4, "five".to_owned(), vec![6], Some(true)) };
        assert_eq!(at_once(p.run(3)).unwrap(), "1234five[6]Some(true)");
    }

    #[tokio::test]
    async fn the_function_stays_callable_as_it_is_written() {
        assert_eq!(async_value(1).await, 2);
        assert_eq!(async_result(0).await, Err(Oops("zero")));
        assert_eq!(sync_value(2), 4);
        assert_eq!(sync_result(2), Err(Oops("two")));
        nothing();
        let function: fn(u32) -> u32 = sync_value;
        assert_eq!([1, 2].map(function), [2, 4]);
    }

    #[test]
    fn a_raw_name_is_the_word() {
        #[task]
        fn r#type(n: u32) -> Result<u32, Oops> {
            Err(Oops(if n > 0 { "more" } else { "none" }))
        }
        assert_eq!(at_once(pipeline! { |_: u32| r#type }.run(1)).unwrap_err().path(), "type");
    }
}

mod generics {
    use super::*;

    #[task]
    async fn show<T: Display>(value: T) -> String {
        value.to_string()
    }

    #[task]
    fn pair<A, B>(a: A, b: B) -> (B, A)
    where
        A: Clone + 'static,
        B: Debug + 'static,
    {
        (b, a)
    }

    /// In its return type alone.
    #[task]
    fn parse<T>(text: String) -> Result<T, T::Err>
    where
        T: std::str::FromStr + 'static,
        T::Err: Send + 'static,
    {
        text.parse()
    }

    /// Nowhere but in its body.
    #[task]
    fn named<T>() -> &'static str {
        std::any::type_name::<T>()
    }

    #[task]
    fn first<const N: usize>(all: [u32; N]) -> u32 {
        all[0] + N as u32
    }

    #[task]
    fn zeros<const N: usize>() -> [u8; N] {
        [0; N]
    }

    #[task]
    async fn collect<K, V, const N: usize>(entries: [(K, V); N]) -> HashMap<K, V>
    where
        K: std::hash::Hash + Eq + 'static,
        V: 'static,
    {
        entries.into()
    }

    #[test]
    fn types_are_inferred_from_what_is_piped_and_given() {
        let p = pipeline! { |_: u32| seq < show show |s: String| { s.len() } pair(_, 'x') > };
        assert_eq!(at_once(p.run(123)).unwrap(), ('x', 3));
    }

    #[test]
    fn types_are_given_by_turbofish() {
        let p = pipeline! { |_: String| seq < parse::<u8> show::<u8> parse::<f64>(_) > };
        assert_eq!(at_once(p.run("7".to_owned())).unwrap(), 7.0);
        assert!(at_once(p.run("x".to_owned())).unwrap_err().is::<std::num::ParseIntError>());
        let p = pipeline! { par < named::<u8>() named::<String>() > };
        assert_eq!(at_once(p.run(())).unwrap(), ("u8", "alloc::string::String"));
        let p = pipeline! { pair::<Vec<Vec<u8>>, Option<u8>>(vec![], None) };
        assert_eq!(at_once(p.run(())).unwrap(), (None, vec![]));
    }

    #[test]
    fn types_are_inferred_from_what_follows() {
        let p = pipeline! { |_: String| seq < parse |n: i16| { n - 1 } > };
        assert_eq!(at_once(p.run("1".to_owned())).unwrap(), 0);
    }

    #[test]
    fn constants_are_inferred_and_given() {
        assert_eq!(at_once(pipeline! { |_: [u32; 3]| first }.run([4, 5, 6])).unwrap(), 7);
        assert_eq!(at_once(pipeline! { zeros::<4>() }.run(())).unwrap(), [0; 4]);
        let p = pipeline! { |_: [(&'static str, u8); 2]| collect };
        assert_eq!(at_once(p.run([("a", 1), ("b", 2)])).unwrap()["b"], 2);
    }

    #[test]
    fn a_pipeline_may_stand_in_a_generic_function() {
        fn shout<T>(value: T) -> String
        where
            T: Display + Clone + Send + Sync + 'static,
        {
            at_once(pipeline! { |_: T| seq < show |s| { s + "!" } > }.run(value)).unwrap()
        }
        assert_eq!(shout(1), "1!");
        assert_eq!(shout("a"), "a!");
    }
}

mod borrows {
    use super::*;

    #[task]
    async fn len(text: &str) -> usize {
        text.len()
    }

    #[task]
    fn longer<'a>(a: &'a str, b: &'a str) -> String {
        if a.len() > b.len() { a } else { b }.to_owned()
    }

    #[task]
    fn named<'text, 'n>(text: &'text str, n: &'n u32) -> String
    where
        'text: 'n,
    {
        format!("{text}{n}")
    }

    #[task]
    #[allow(clippy::needless_lifetimes)]
    fn generic<'a, T: Display + Sync>(all: &'a [T], n: usize) -> String {
        all[n].to_string()
    }

    #[task]
    fn cow(text: Cow<'_, str>) -> String {
        text.into_owned()
    }

    #[task]
    fn called(function: fn(&str) -> usize, text: &'static str) -> usize {
        function(text)
    }

    #[task]
    fn boxed(function: Arc<dyn Fn(&str) -> usize + Send + Sync>, text: &str) -> usize {
        function(text)
    }

    #[test]
    fn captured_borrows_can_be_passed() {
        let (text, n) = (String::from("text"), 7);
        let p = pipeline! {
            par <
                len(&text)
                longer(&text, "longer")
                named(&text, &n)
                generic(&[1.5, 2.5], 1)
                cow(Cow::Borrowed(&text))
                called(str::len, "four")
                boxed(Arc::new(|s| s.len() + 1), &text)
            >
        };
        let expected =
            (4, "longer".to_owned(), "text7".to_owned(), "2.5".to_owned(), "text".to_owned(), 4, 5);
        assert_eq!(at_once(p.run(())).unwrap(), expected);
    }

    #[test]
    fn a_static_borrow_can_be_piped() {
        let p = pipeline! { |_: &'static str| seq < len |n| { n + 1 } > };
        assert_eq!(at_once(p.run("abc")).unwrap(), 4);
    }

    #[test]
    fn a_borrow_from_a_generic_function_can_be_passed() {
        fn total(texts: &[String]) -> usize {
            let p = pipeline! { |_: std::ops::Range<usize>| each < |n| { texts[n].is_empty() } > };
            let empty = at_once(p.run(0..texts.len())).unwrap();
            let p = pipeline! { par < len(&texts[0]) len(&texts[1]) > };
            let (a, b) = at_once(p.run(())).unwrap();
            a + b + empty.len()
        }
        assert_eq!(total(&["ab".to_owned(), "c".to_owned()]), 5);
    }
}

mod places {
    use super::*;

    pub(crate) mod deep {
        use async_orch::task;

        /// Documented.
        #[task]
        pub(crate) async fn in_crate(n: u32) -> u32 {
            n + 1
        }

        #[task]
        pub(super) fn in_super(n: u32) -> u32 {
            n + 10
        }

        #[task]
        pub(in crate::places) fn in_places(n: u32) -> u32 {
            n + 100
        }
    }

    pub(crate) use deep::in_crate;
    pub(crate) use deep::in_crate as renamed;

    #[test]
    fn visibility_is_kept() {
        let p = pipeline! { |_: u32| seq < deep::in_crate deep::in_super deep::in_places > };
        assert_eq!(at_once(p.run(0)).unwrap(), 111);
    }

    #[test]
    fn a_task_is_re_exported_and_renamed_like_a_function() {
        let p =
            pipeline! { |_: u32| seq < in_crate renamed crate::places::in_crate super::places::renamed > };
        let _ = &p;
        assert_eq!(p.graph().to_string().matches("in_crate").count(), 4, "it keeps its name in graphs");
        assert_eq!(at_once(p.run(0)).unwrap(), 4);
    }

    #[test]
    fn a_task_may_stand_in_a_function_and_hide_another() {
        #[task]
        fn in_crate(n: u32) -> u32 {
            n + 1_000
        }
        assert_eq!(at_once(pipeline! { |_: u32| in_crate }.run(0)).unwrap(), 1_000);
    }

    #[test]
    fn tasks_are_imported_by_globs() {
        mod all {
            #[async_orch::task]
            pub(crate) fn one() -> u32 {
                1
            }
            #[async_orch::task]
            pub(crate) fn two() -> u32 {
                2
            }
        }
        use all::*;
        assert_eq!(at_once(pipeline! { par < one two > }.run(())).unwrap(), (1, 2));
    }
}

mod parameters {
    use super::*;

    struct Point {
        x: u32,
        y: u32,
    }

    #[task]
    fn tuple((a, b): (u32, u32)) -> u32 {
        a * 10 + b
    }

    #[task]
    async fn fields(Point { x, y: renamed }: Point, [first, ..]: [u32; 3]) -> u32 {
        x * 100 + renamed * 10 + first
    }

    #[task]
    fn mutable(mut n: u32, mut all: Vec<u32>) -> Vec<u32> {
        n += 1;
        all.push(n);
        all
    }

    #[task]
    fn ignored(_: String, _unused: u8) -> u32 {
        1
    }

    #[task]
    fn generic<T>((a, _): (T, T)) -> T
    where
        T: 'static,
    {
        a
    }

    #[test]
    fn patterns_are_parameters() {
        assert_eq!(at_once(pipeline! { |_: (u32, u32)| tuple }.run((1, 2))).unwrap(), 12);
        let p = pipeline! { fields(Point { x: 1, y: 2 }, [3, 4, 5]) };
        assert_eq!(at_once(p.run(())).unwrap(), 123);
        assert_eq!(at_once(pipeline! { |_: u32| mutable(_, vec![1]) }.run(1)).unwrap(), [1, 2]);
        assert_eq!(at_once(pipeline! { |_: String| ignored(_, 0) }.run(String::new())).unwrap(), 1);
        assert_eq!(at_once(pipeline! { |_: (char, char)| generic }.run(('a', 'b'))).unwrap(), 'a');
    }

    #[test]
    fn parameters_may_have_the_names_that_the_macro_uses() {
        #[task]
        fn hidden(args: u32, value0: u32, call: u32, scope: u32, input: u32, tok: u32) -> u32 {
            args + value0 + call + scope + input + tok
        }
        let (args, value0, call, scope, input, tok) = (1, 2, 3, 4, 5, 6);
        let p = pipeline! {
            seq < hidden(args, value0, call, scope, input, tok) |header| { header + tok + scope } >
        };
        assert_eq!(at_once(p.run(())).unwrap(), 31);
    }
}

mod attributes {
    use super::*;

    /// A documented task.
    ///
    /// With two paragraphs.
    #[task]
    #[inline]
    #[must_use]
    pub(crate) fn documented(n: u32) -> u32 {
        n
    }

    #[cfg(any())]
    #[task]
    fn either() -> Missing {
        compile_error!("not compiled")
    }

    #[cfg(not(any()))]
    #[task]
    fn either() -> u32 {
        1
    }

    #[task]
    #[cfg(any())]
    fn gone() -> Missing {}

    #[task]
    #[allow(non_snake_case, clippy::needless_return)]
    fn Odd(#[allow(unused_variables)] n: u32) -> u32 {
        return 2;
    }

    #[test]
    fn attributes_are_kept() {
        let p = pipeline! { |_: u32| par < documented either Odd > };
        assert_eq!(at_once(p.run(0)).unwrap(), (0, 1, 2));
    }

    #[task(name = "a name, at last")]
    fn named() -> Result<(), Oops> {
        Err(Oops("x"))
    }

    #[task(crate = ::async_orch)]
    fn by_path() -> u32 {
        1
    }

    #[task(crate = async_orch, name = "both", blocking,)]
    fn with_all_options() -> Result<u32, Oops> {
        Err(Oops("y"))
    }

    #[tokio::test]
    async fn options_combine() {
        assert_eq!(pipeline! { named() }.run(()).await.unwrap_err().path(), "a name, at last");
        assert_eq!(pipeline! { by_path() }.run(()).await.unwrap(), 1);
        assert_eq!(pipeline! { with_all_options() }.run(()).await.unwrap_err().path(), "both");
        assert_eq!(
            pipeline! { seq < named() with_all_options() > }.graph().to_string(),
            "seq\n├─ a name, at last\n└─ both"
        );
    }

    #[test]
    fn a_task_is_a_type_that_knows_its_name() {
        fn name<A, T: Task<A>>(_: fn(A) -> Option<T>) -> &'static str {
            T::NAME
        }
        assert_eq!(name::<(u32,), documented>(|_| None), "documented");
        assert_eq!(name::<(), named>(|()| None), "a name, at last");
    }
}

mod outside {
    use super::*;

    #[task(blocking)]
    fn read(path: std::path::PathBuf) -> io::Result<String> {
        std::fs::read_to_string(path)
    }

    #[task(blocking)]
    fn generic<T: Display>(value: T) -> String {
        value.to_string()
    }

    #[task(spawn)]
    async fn spawned(n: u32) -> Result<u32, Oops> {
        tokio::task::yield_now().await;
        if n == 0 { Err(Oops("zero")) } else { Ok(n) }
    }

    #[task(spawn)]
    async fn spawned_generic<T, const N: usize>(value: T) -> [T; N]
    where
        T: Clone,
    {
        std::array::from_fn(|_| value.clone())
    }

    #[task(spawn)]
    fn spawned_static(text: &'static str, shared: Arc<str>) -> usize {
        text.len() + shared.len()
    }

    #[tokio::test]
    async fn blocking_tasks_give_values_and_errors() {
        let p =
            pipeline! { |_: std::path::PathBuf| seq < read |text| { text.contains("[package]") } generic > };
        assert_eq!(p.run("Cargo.toml".into()).await.unwrap(), "true");
        assert!(p.run("no such file".into()).await.unwrap_err().is::<io::Error>());
    }

    #[tokio::test]
    async fn spawned_tasks_give_values_and_errors() {
        let p = pipeline! {
            |_: u32|
            seq < spawned spawned_generic::<_, 2> |[a, b]| { a + b } spawned_static("abc", "de".into()) >
        };
        assert_eq!(p.run(2).await.unwrap(), 5);
        assert_eq!(p.run(0).await.unwrap_err().downcast_ref(), Some(&Oops("zero")));
    }

    #[tokio::test]
    async fn the_functions_stay_callable() {
        assert_eq!(spawned(1).await, Ok(1));
        assert_eq!(generic(5), "5");
        assert_eq!(spawned_static("a", "b".into()), 2);
    }
}
