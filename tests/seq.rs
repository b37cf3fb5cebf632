//! How data flows: sequences, names, captures, clones.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use async_orch::{BoxError, Run, pipeline, task};

use common::{Log, Oops, Sheep, at_once};

mod common;

#[task]
async fn double(n: u32) -> u32 {
    n * 2
}

#[task]
fn add(a: u32, b: u32) -> u32 {
    a + b
}

#[task]
fn three(a: u32, b: u32, c: u32) -> String {
    format!("{a} {b} {c}")
}

#[task]
async fn seven() -> u32 {
    7
}

#[task]
fn show(n: u32) -> String {
    n.to_string()
}

#[task]
fn write(log: Log, entry: String) {
    log.add(entry);
}

#[task]
async fn fail(n: u32) -> Result<u32, Oops> {
    Err(Oops(if n == 0 { "zero" } else { "more" }))
}

#[task]
fn wool(sheep: Sheep) -> Sheep {
    sheep
}

#[task]
fn is_clone(sheep: Sheep) -> bool {
    sheep.dolly
}

/// Neither `Clone` nor `Copy`.
#[derive(Debug, PartialEq)]
struct Only(u32);

#[task]
fn wrap(n: u32) -> Only {
    Only(n)
}

#[task]
fn unwrap(only: Only) -> u32 {
    only.0
}

mod flow {
    use super::*;

    #[test]
    fn rule_1_the_output_of_a_step_is_piped_into_the_next() {
        let p = pipeline! { |_: u32| seq < double |n| { n + 1 } double show > };
        assert_eq!(at_once(p.run(1)).unwrap(), "6");
    }

    #[tokio::test(start_paused = true)]
    async fn rule_1_it_is_piped_into_nested_blocks() {
        let p = pipeline! {
            |_: u32|
            seq < double circuit < retry < timeout(1s) < catch < seq < double add(1, _) > > > > > show >
        };
        assert_eq!(p.run(1).await.unwrap(), "5");
    }

    #[test]
    fn rule_1_a_body_of_several_steps_is_a_sequence() {
        let p = pipeline! { |_: u32| circuit < double double |n| { n + 1 } > };
        assert_eq!(at_once(p.run(1)).unwrap(), 5);
        let p = pipeline! { |_: Vec<u32>| each < double double > };
        assert_eq!(at_once(p.run(vec![1, 2])).unwrap(), [4, 8]);
        let p = pipeline! { |_: u32| retry(max_attempts = 1) < double let n = double |()| { *n + 1 } > };
        assert_eq!(at_once(p.run(1)).unwrap(), 5);
    }

    #[test]
    fn rule_2_a_bare_task_takes_the_piped_value() {
        assert_eq!(at_once(pipeline! { |_: u32| double }.run(4)).unwrap(), 8);
    }

    #[test]
    fn rule_2_a_bare_task_without_parameters_drops_it() {
        let p = pipeline! { |_: String| seq < seven double > };
        assert_eq!(at_once(p.run("dropped".to_owned())).unwrap(), 14);
    }

    #[test]
    fn rule_2_parentheses_say_that_it_is_not_used() {
        // Two bare steps would need a clone of the input, which has none.
        let p = pipeline! { |_: Only| par < unwrap seven() > };
        assert_eq!(at_once(p.run(Only(1))).unwrap(), (1, 7));
    }

    #[test]
    fn rule_3_the_underscore_is_the_piped_value_in_any_place() {
        let p = pipeline! { |_: u32| three(_, 2, 3) };
        assert_eq!(at_once(p.run(9)).unwrap(), "9 2 3");
        let p = pipeline! { |_: u32| three(1, _, 3) };
        assert_eq!(at_once(p.run(9)).unwrap(), "1 9 3");
        let p = pipeline! { |_: u32| three(1, 2, _,) };
        assert_eq!(at_once(p.run(9)).unwrap(), "1 2 9");
    }

    #[test]
    fn rule_3_an_underscore_inside_an_argument_is_a_pattern() {
        let p = pipeline! { |_: u32| add(_, match 5_u32 { 0 => 0, _ => 1 }) };
        assert_eq!(at_once(p.run(9)).unwrap(), 10);
    }

    #[test]
    fn rule_3_arguments_without_an_underscore_drop_it() {
        let p = pipeline! { |_: Only| add(1, 2) };
        assert_eq!(at_once(p.run(Only(0))).unwrap(), 3);
    }

    #[test]
    fn rule_3_arguments_are_any_expressions() {
        let p = pipeline! { |_: u32| add(_, if 1 < 2 { (8 >> 1) | 1 } else { 0 }) };
        assert_eq!(at_once(p.run(1)).unwrap(), 6);
        let p = pipeline! { |_: u32| add(_, [1_u32, 2].iter().map(|n| n * 2).sum::<u32>()) };
        assert_eq!(at_once(p.run(1)).unwrap(), 7);
    }

    #[tokio::test(start_paused = true)]
    async fn rule_3_arguments_are_evaluated_at_every_attempt() {
        #[task]
        fn third(attempt: u32) -> Result<u32, Oops> {
            if attempt < 3 { Err(Oops("not yet")) } else { Ok(attempt) }
        }

        let made = AtomicU32::new(0);
        let p = pipeline! { retry(max_attempts = 5) < third(made.fetch_add(1, SeqCst) + 1) > };
        assert_eq!(made.load(SeqCst), 0, "not when the pipeline is built");
        assert_eq!(p.run(()).await.unwrap(), 3);
        assert_eq!(made.load(SeqCst), 3);
    }

    #[test]
    fn the_first_error_ends_the_sequence() {
        let log = Log::default();
        let p = pipeline! {
            |_: u32|
            seq <
                |n| { log.add("first"); n }
                fail
                |n: u32| { log.add("second"); n }
            >
        };
        assert_eq!(at_once(p.run(0)).unwrap_err().downcast_ref(), Some(&Oops("zero")));
        assert_eq!(log.take(), ["first"]);
    }

    #[test]
    fn nothing_happens_before_a_run_is_polled() {
        let log = Log::default();
        let p = pipeline! { seq < |()| { log.add("ran") } > };
        let run = p.run(());
        assert!(log.take().is_empty());
        drop(run);
        assert!(log.take().is_empty());
        at_once(p.run(())).unwrap();
        assert_eq!(log.take(), ["ran"]);
    }

    #[test]
    fn a_pipeline_of_one_step_needs_no_block() {
        assert_eq!(at_once(pipeline! { seven() }.run(())).unwrap(), 7);
        assert_eq!(at_once(pipeline! { seven }.run(())).unwrap(), 7);
        assert_eq!(at_once(pipeline! { |_: u32| |n| { n + 1 } }.run(1)).unwrap(), 2);
    }
}

mod captures {
    use super::*;

    #[test]
    fn rule_4_a_capture_is_by_reference() {
        let n = AtomicU32::new(1);
        let p = pipeline! { add(n.load(SeqCst), 1) };
        assert_eq!(at_once(p.run(())).unwrap(), 2);
        n.store(10, SeqCst);
        assert_eq!(at_once(p.run(())).unwrap(), 11);
    }

    #[test]
    fn rule_4_with_move_a_capture_is_by_value() {
        fn owner() -> impl Run<In = u32, Out = String, Error = BoxError> + 'static {
            let name = String::from("n = ");
            pipeline! { move |_: u32| |n| { format!("{name}{n}") } }
        }
        let p = owner();
        assert_eq!(at_once(p.run(1)).unwrap(), "n = 1");
        assert_eq!(at_once(p.run(2)).unwrap(), "n = 2");
    }

    #[test]
    fn rule_4_ten_steps_capture_one_value_by_reference() {
        let text = String::from("ab");
        let p = pipeline! {
            |_: u32|
            seq <
                add(_, text.len() as u32)
                add(_, text.len() as u32)
                add(_, text.len() as u32)
                add(_, text.len() as u32)
                add(_, text.len() as u32)
                |n| { n + text.len() as u32 }
                |n| { n + text.len() as u32 }
                circuit < add(_, text.len() as u32) >
                retry < add(_, text.len() as u32) >
                par < add(_, text.len() as u32) >
            >
        };
        assert_eq!(at_once(p.run(1)).unwrap(), (21,));
        assert_eq!(text, "ab", "still ours");
    }

    #[test]
    fn rule_4_ten_steps_see_a_value_that_the_header_gives_to_the_pipeline() {
        fn owner(text: &str) -> impl Run<In = u32, Out = (u32,), Error = BoxError> + 'static {
            pipeline! {
                let text = text.to_owned();
                move |_: u32|
                seq <
                    add(_, text.len() as u32)
                    add(_, text.len() as u32)
                    add(_, text.len() as u32)
                    add(_, text.len() as u32)
                    add(_, text.len() as u32)
                    |n| { n + text.len() as u32 }
                    |n| { n + text.len() as u32 }
                    circuit < add(_, text.len() as u32) >
                    retry < add(_, text.len() as u32) >
                    par < add(_, text.len() as u32) >
                >
            }
        }
        assert_eq!(at_once(owner("ab").run(1)).unwrap(), (21,));
    }

    #[test]
    fn rule_4_a_copy_type_may_be_moved_into_ten_steps() {
        fn owner(k: u32) -> impl Run<In = u32, Out = u32, Error = BoxError> + 'static {
            pipeline! {
                move |_: u32|
                seq <
                    add(_, k) add(_, k) add(_, k) add(_, k) add(_, k)
                    |n| { n + k } |n| { n + k } |n| { n + k } |n| { n + k } async |n| { n + k }
                >
            }
        }
        assert_eq!(at_once(owner(2).run(1)).unwrap(), 21);
    }

    #[test]
    fn rule_4_a_borrowed_capture_can_be_an_argument() {
        #[task]
        async fn len(text: &str) -> usize {
            text.len()
        }
        let text = String::from("borrowed");
        let p = pipeline! { seq < len(&text) |n| { n + text.len() } > };
        assert_eq!(at_once(p.run(())).unwrap(), 16);
    }

    #[test]
    fn rule_4_header_lets_see_those_before_them_and_take_patterns_and_types() {
        let pair = (1_u32, String::from("x"));
        let p = pipeline! {
            let (one, text) = pair.clone();
            let two: u32 = one + 1;
            let list: Vec<u32> = (0..two).collect();
            |input: u32|
            |()| { format!("{one} {text} {two} {list:?} {input}") }
        };
        assert_eq!(at_once(p.run(9)).unwrap(), "1 x 2 [0, 1] 9");
        assert_eq!(pair.0, 1, "only cloned");
    }

    #[test]
    fn rule_4_the_header_is_evaluated_once_when_the_pipeline_is_built() {
        let made = AtomicUsize::new(0);
        let p = pipeline! {
            let n = made.fetch_add(1, SeqCst) as u32;
            seq < add(*n, 1) add(_, *n) >
        };
        for _ in 0..3 {
            assert_eq!(at_once(p.run(())).unwrap(), 1);
        }
        assert_eq!(made.load(SeqCst), 1);
    }

    #[test]
    fn rule_4_a_value_of_the_header_is_cloned_only_where_the_text_says_so() {
        let (sheep, clones) = Sheep::new();
        let p = pipeline! {
            let sheep = sheep;
            seq < |()| { sheep.dolly } |_| { sheep.dolly } wool(sheep.clone()) >
        };
        at_once(p.run(())).unwrap();
        assert_eq!(clones(), 1);
        at_once(p.run(())).unwrap();
        assert_eq!(clones(), 2);
    }
}

mod names {
    use super::*;

    #[test]
    fn rule_5_a_name_is_seen_by_all_later_steps_and_the_blocks_inside() {
        let p = pipeline! {
            |_: u32|
            seq <
                let n = double
                add(*n, 1)
                circuit < par < add(*n, _) retry < add(*n, 0) > > >
                |(a, b)| { format!("{n} {a} {b}") }
            >
        };
        assert_eq!(at_once(p.run(1)).unwrap(), "2 5 2");
    }

    #[test]
    fn rule_5_patterns_take_an_output_apart() {
        struct User {
            id: u32,
            name: String,
        }
        #[task]
        fn user(id: u32) -> User {
            User { id, name: format!("u{id}") }
        }
        let p = pipeline! {
            |_: u32|
            seq <
                let (User { id, name }, (n, _), [a, .., b]) = par <
                    user
                    |n| { (n, "unused") }
                    |n| { [n, n + 1, n + 2] }
                >
                |()| { format!("{id} {name} {n} {a} {b}") }
            >
        };
        assert_eq!(at_once(p.run(3)).unwrap(), "3 u3 3 3 5");
    }

    #[test]
    fn rule_5_a_name_may_have_a_type() {
        let p = pipeline! {
            |_: String|
            seq <
                let n: u64 = |s| { s.parse() }
                |()| { n + 1 }
            >
        };
        assert_eq!(at_once(p.run("41".to_owned())).unwrap(), 42);
    }

    #[test]
    fn rule_5_a_later_name_hides_an_earlier_one() {
        let p = pipeline! {
            seq < let n = seven let n = add(*n, 1) let n = |()| { format!("<{n}>") } |()| { n.clone() } >
        };
        assert_eq!(at_once(p.run(())).unwrap(), "<8>");
    }

    #[test]
    fn rule_5_a_name_inside_a_block_ends_with_it() {
        let n = 100;
        let p = pipeline! { seq < circuit < let n = seven add(*n, 1) > |m| { m + n } > };
        assert_eq!(at_once(p.run(())).unwrap(), 108);
    }

    #[test]
    fn rule_5_a_wildcard_drops_nothing_that_is_needed() {
        let log = Log::default();
        let p = pipeline! { seq < let _ = write(log.clone(), "kept".to_owned()) seven > };
        assert_eq!(at_once(p.run(())).unwrap(), 7);
        assert_eq!(log.take(), ["kept"]);
    }

    #[test]
    fn rule_5_after_a_let_nothing_is_piped() {
        let p = pipeline! { seq < let n = seven |nothing: ()| { let () = nothing; *n } > };
        assert_eq!(at_once(p.run(())).unwrap(), 7);
    }

    #[test]
    fn rule_5_a_let_at_the_end_gives_nothing_back() {
        let p = pipeline! { |_: u32| seq < let _unused = double > };
        let () = at_once(p.run(1)).unwrap();
    }

    #[test]
    fn rule_5_names_need_no_clone() {
        let (sheep, clones) = Sheep::new();
        let p = pipeline! {
            |_: Sheep|
            seq <
                let sheep = wool
                |()| { sheep.dolly }
                |before| { before || sheep.dolly }
                async |before| { tokio::task::yield_now().await; before || sheep.dolly }
            >
        };
        let mut run = Box::pin(p.run(sheep));
        while common::poll_once(run.as_mut()).is_pending() {}
        assert_eq!(clones(), 0);
    }

    #[test]
    fn rule_5_a_name_lives_in_steps_beyond_the_sixteenth() {
        let p = pipeline! {
            |_: u32|
            seq <
                let first = double add(*first, 1) add(_, 1) add(_, 1) add(_, 1) add(_, 1) add(_, 1) add(_, 1)
                add(_, 1) add(_, 1) let middle = add(_, 1) add(*middle, 1) add(_, 1) add(_, 1) add(_, 1)
                add(_, 1) add(_, 1) add(_, 1) add(_, 1) add(_, 1) let last = add(_, *first)
                |()| { (*first, *middle, *last) }
            >
        };
        assert_eq!(at_once(p.run(5)).unwrap(), (10, 20, 39));
    }

    #[test]
    fn rule_6_a_named_input_is_not_piped() {
        let p = pipeline! { |order: String| seq < |()| { order.len() } |n| { format!("{order}: {n}") } > };
        assert_eq!(at_once(p.run("five5".to_owned())).unwrap(), "five5: 5");
    }

    #[test]
    fn rule_6_a_named_input_needs_no_sequence() {
        let p = pipeline! { |id: u32| circuit < add(*id, 1) > };
        assert_eq!(at_once(p.run(1)).unwrap(), 2);
    }

    #[test]
    fn rule_6_an_input_may_be_taken_apart() {
        let p = pipeline! { |(a, b): (u32, String)| seq < double(*a) |n| { format!("{n}{b}") } > };
        assert_eq!(at_once(p.run((2, "b".to_owned()))).unwrap(), "4b");
    }

    #[test]
    fn rule_6_without_a_header_the_input_is_nothing() {
        let () = at_once(pipeline! { seq < |nothing| { let () = nothing; } > }.run(())).unwrap();
    }
}

mod clones {
    use super::*;

    #[test]
    fn rule_7_a_sequence_clones_nothing() {
        let (sheep, clones) = Sheep::new();
        let p = pipeline! {
            |_: Sheep| seq < wool circuit < wool timeout(1s) < wool > > catch < wool > |sheep| { sheep } >
        };
        assert!(!at_once(p.run(sheep)).unwrap().dolly);
        assert_eq!(clones(), 0);
    }

    #[test]
    fn rule_7_in_par_the_last_child_that_uses_the_value_gets_it_and_the_others_clones() {
        let (sheep, clones) = Sheep::new();
        let p = pipeline! { |_: Sheep| par < is_clone seven() is_clone circuit < is_clone > seven() > };
        assert_eq!(at_once(p.run(sheep)).unwrap(), (true, 7, true, false, 7));
        assert_eq!(clones(), 2);
    }

    #[test]
    fn rule_7_an_ignoring_pattern_counts_as_not_using_it() {
        let (sheep, clones) = Sheep::new();
        let p = pipeline! { |_: Sheep| par < |_| { 1 } is_clone add(1, 1) > };
        assert_eq!(at_once(p.run(sheep)).unwrap(), (1, false, 2));
        assert_eq!(clones(), 0);
    }

    #[test]
    fn rule_7_what_one_child_uses_needs_no_clone() {
        let p = pipeline! { |_: u32| seq < wrap par < seven() unwrap seven() > > };
        assert_eq!(at_once(p.run(1)).unwrap(), (7, 1, 7));
        let p = pipeline! { |_: u32| seq < wrap par < seven() |_| { 2 } > > };
        assert_eq!(at_once(p.run(1)).unwrap(), (7, 2));
    }

    #[test]
    fn rule_7_a_block_uses_the_value_if_its_first_step_does() {
        let (sheep, clones) = Sheep::new();
        let p = pipeline! {
            |_: Sheep|
            par <
                seq < seven() double >
                retry < circuit < seven() > >
                par < seven() |_| { 1 } >
                is_clone
            >
        };
        assert_eq!(at_once(p.run(sheep)).unwrap(), (14, 7, (7, 1), false));
        assert_eq!(clones(), 0);
    }

    #[test]
    fn rule_7_nested_pars_clone_once_for_each_further_use() {
        let (sheep, clones) = Sheep::new();
        let p = pipeline! {
            |_: Sheep| par < par < is_clone is_clone > is_clone par < is_clone is_clone > >
        };
        let ((_, _), _, (fourth, fifth)) = at_once(p.run(sheep)).unwrap();
        assert_eq!((fourth, fifth, clones()), (true, false, 4));
    }

    #[test]
    fn rule_7_each_moves_its_items() {
        let p = pipeline! { |_: Vec<Only>| each(limit = 2) < unwrap > };
        assert_eq!(at_once(p.run(vec![Only(1), Only(2), Only(3)])).unwrap(), [1, 2, 3]);
        let p = pipeline! { |_: Vec<Only>| each < seven() > };
        assert_eq!(at_once(p.run(vec![Only(1), Only(2)])).unwrap(), [7, 7]);
    }

    #[tokio::test(start_paused = true)]
    async fn rule_7_retry_clones_for_each_attempt_but_the_last_possible_one() {
        #[task]
        fn dislike(_sheep: Sheep) -> Result<(), Oops> {
            Err(Oops("baa"))
        }
        for (max_attempts, expected) in [(1, 0), (2, 1), (5, 4)] {
            let (sheep, clones) = Sheep::new();
            let p = pipeline! { |_: Sheep| retry(max_attempts = max_attempts) < dislike > };
            assert_eq!(p.run(sheep).await.unwrap_err().attempts(), max_attempts);
            assert_eq!(clones(), expected);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn rule_7_retry_needs_no_clone_of_a_value_that_its_body_does_not_use() {
        let p = pipeline! { |_: u32| seq < wrap retry(max_attempts = 3) < fail(0) > > };
        assert_eq!(p.run(1).await.unwrap_err().attempts(), 3);
    }

    #[test]
    fn rule_7_collect_clones_what_it_keeps_and_pipes() {
        let (sheep, clones) = Sheep::new();
        let p = pipeline! { |_: Sheep| seq(collect) < wool wool wool > };
        let (first, second, third) = at_once(p.run(sheep)).unwrap();
        assert_eq!(clones(), 2, "the last one is not piped on");
        assert_eq!([first.dolly, second.dolly, third.dolly], [false, true, true]);
    }

    #[test]
    fn rule_7_collect_clones_nothing_that_the_next_step_does_not_use() {
        let p = pipeline! { seq(collect) < wrap(1) wrap(2) |_| { Only(3) } > };
        assert_eq!(at_once(p.run(())).unwrap(), (Only(1), Only(2), Only(3)));
    }
}

mod outputs {
    use super::*;

    #[test]
    fn rule_8_a_sequence_gives_its_last_output() {
        assert_eq!(at_once(pipeline! { seq < seven double show > }.run(())).unwrap(), "14");
    }

    #[test]
    fn rule_8_collect_gives_the_outputs_of_the_unnamed_steps_in_order() {
        let p = pipeline! {
            |_: u32| seq(collect) < double let n = |n| { n + 1 } add(*n, 1) show let _m = seven >
        };
        assert_eq!(at_once(p.run(1)).unwrap(), (2, 4, "4".to_owned()));
    }

    #[test]
    fn rule_8_collect_of_one_step_is_a_tuple_of_one() {
        assert_eq!(at_once(pipeline! { seq(collect) < seven > }.run(())).unwrap(), (7,));
    }

    #[test]
    fn rule_8_collect_goes_on_beyond_the_sixteenth_step() {
        let p = pipeline! {
            |_: u32|
            seq(collect) <
                double
                let _a = double(1) let _b = double(1) let _c = double(1) let _d = double(1) let _e = double(1)
                let _f = double(1) let _g = double(1) let _h = double(1) let _i = double(1) let _j = double(1)
                let _k = double(1) let _l = double(1) let _m = double(1) let _n = double(1) let _o = double(1)
                let _p = double(1) let _q = double(1)
                add(1, 2)
                show
            >
        };
        assert_eq!(at_once(p.run(5)).unwrap(), (10, 3, "3".to_owned()));
    }

    #[test]
    fn rule_8_collect_nests() {
        let p =
            pipeline! { |_: u32| seq(collect) < double seq(collect) < double double > |(a, b)| { a + b } > };
        assert_eq!(at_once(p.run(1)).unwrap(), (2, (4, 8), 12));
    }

    #[test]
    fn rule_9_an_inline_step_gives_a_value_or_a_result() {
        let p = pipeline! {
            |_: &'static str|
            seq <
                |s| { s.parse::<u32>() }
                |n| { if n > 9 { Err(Oops("big")) } else { Ok(n) } }
                |n| { n + 1 }
            >
        };
        assert_eq!(at_once(p.run("4")).unwrap(), 5);
        assert_eq!(at_once(p.run("10")).unwrap_err().downcast_ref(), Some(&Oops("big")));
        assert!(at_once(p.run("x")).unwrap_err().is::<std::num::ParseIntError>());
    }

    #[test]
    fn rule_9_an_inline_step_may_use_the_question_mark() {
        let p = pipeline! {
            |_: &'static str|
            seq < |s| { let n: u32 = s.parse()?; let m: u32 = "2".parse()?; Ok(n + m) } >
        };
        assert_eq!(at_once(p.run("4")).unwrap(), 6);
        assert!(at_once(p.run("x")).unwrap_err().is::<std::num::ParseIntError>());
    }

    #[tokio::test(start_paused = true)]
    async fn rule_9_an_async_inline_step_may_await() {
        let p = pipeline! {
            |_: u32|
            seq <
                async |n| { tokio::time::sleep(Duration::from_secs(1)).await; n + 1 }
                async |n| { fail(n).await }
            >
        };
        let begin = tokio::time::Instant::now();
        assert_eq!(p.run(1).await.unwrap_err().downcast_ref(), Some(&Oops("more")));
        assert_eq!(begin.elapsed(), Duration::from_secs(1));
    }

    // As `async` makes it a future cannot be handed on: tests/ui/fail/types/future_given.rs.
    #[tokio::test]
    async fn rule_9_an_inline_step_may_give_a_future_that_runs_or_is_boxed() {
        let p = pipeline! {
            |_: u32|
            seq <
                |n| { tokio::spawn(async move { n + 1 }) }
                async |spawned| { spawned.await }
                |n| { Box::pin(async move { n * 2 }) }
                async |boxed| { boxed.await }
            >
        };
        assert_eq!(p.run(3).await.unwrap(), 8);
    }

    #[tokio::test(start_paused = true)]
    async fn rule_9_an_async_inline_step_may_use_names_and_captures_across_awaits() {
        let outer = String::from("o");
        let p = pipeline! {
            let owned = String::from("h");
            |input: u32|
            seq <
                let n = double(*input)
                async |()| {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                    let text = format!("{outer}{owned}{n}");
                    tokio::time::sleep(Duration::from_millis(1)).await;
                    text + &input.to_string()
                }
            >
        };
        assert_eq!(p.run(2).await.unwrap(), "oh42");
    }

    #[test]
    fn rule_9_an_inline_step_takes_patterns_and_types() {
        let p = pipeline! { |_: (u32, u32)| seq < |(a, b)| { (b, a) } |(a, b): (u32, u32)| { a * 10 + b } > };
        assert_eq!(at_once(p.run((1, 2))).unwrap(), 21);
    }
}

mod text {
    use super::*;

    #[test]
    fn commas_between_steps_mean_nothing() {
        let p =
            pipeline! { |_: u32| seq < double, double, par < double, add(_, 1), >, |(a, b)| { a + b }, > };
        assert_eq!(at_once(p.run(1)).unwrap(), 13);
    }

    #[test]
    #[rustfmt::skip]
    fn any_spacing_closes_blocks() {
        let p = pipeline! { |_: u32| seq<circuit<seq<double>>> };
        assert_eq!(at_once(p.run(1)).unwrap(), 2);
        let p = pipeline! { |_: u32| seq < circuit < seq < double > > > };
        assert_eq!(at_once(p.run(1)).unwrap(), 2);
        let p = pipeline! { |_: u32| seq<circuit<seq<catch<double>>>> };
        assert_eq!(at_once(p.run(1)).unwrap(), 2);
        let p = pipeline! { |_: u32| seq<circuit<double>> };
        assert_eq!(at_once(p.run(1)).unwrap(), 2);
        let p = pipeline! { |_: u32| seq<circuit<double>
            > };
        assert_eq!(at_once(p.run(1)).unwrap(), 2);
    }

    #[test]
    fn generics_are_given_by_turbofish() {
        #[task]
        fn parse<T>(text: String) -> Result<T, T::Err>
        where
            T: std::str::FromStr + 'static,
            T::Err: Send + 'static,
        {
            text.parse()
        }
        let p = pipeline! { |text: String| par < parse::<u8>(text.clone()) parse::<i64>(text.clone()) > };
        assert_eq!(at_once(p.run("12".to_owned())).unwrap(), (12_u8, 12_i64));
        let p = pipeline! { |_: String| seq < parse::<u8> |n| { u32::from(n) } > };
        assert_eq!(at_once(p.run("12".to_owned())).unwrap(), 12);
        let p = pipeline! { |_: String| seq < parse |n: u16| { n } > };
        assert_eq!(at_once(p.run("12".to_owned())).unwrap(), 12);
    }

    #[test]
    fn a_keyword_as_the_name_of_a_task_is_written_raw_or_as_a_path() {
        mod tasks {
            #[async_orch::task]
            pub(super) fn seq(n: u32) -> u32 {
                n + 1
            }
        }
        #[task]
        fn par(n: u32) -> u32 {
            n * 10
        }
        let p = pipeline! { |_: u32| seq < tasks::seq r#par self::double > };
        assert_eq!(at_once(p.run(1)).unwrap(), 40);
    }

    #[test]
    fn tasks_are_called_by_any_path() {
        let p = pipeline! { |_: u32| seq < crate::double self::double super::text::super_double > };
        assert_eq!(at_once(p.run(1)).unwrap(), 8);
    }

    #[task]
    fn super_double(n: u32) -> u32 {
        n * 2
    }

    #[test]
    fn a_pipeline_built_elsewhere_is_a_step_by_value_reference_or_arc() {
        let twice = pipeline! { |_: u32| seq < double double > };
        let shared = Arc::new(pipeline! { |_: u32| add(_, 1) });
        let p = pipeline! {
            |_: u32|
            seq < { &twice } { shared.clone() } { pipeline! { |_: u32| show } } >
        };
        assert_eq!(at_once(p.run(1)).unwrap(), "5");
        assert_eq!(at_once(twice.run(1)).unwrap(), 4, "still ours");
        assert_eq!(at_once(shared.run(1)).unwrap(), 2);
    }

    #[test]
    fn durations_are_literals_with_a_unit_or_expressions() {
        let limit = Duration::from_secs(1);
        let p = pipeline! {
            |_: u32|
            timeout(250us) < timeout(10s) < timeout(1.5s) < timeout(5m) < timeout(1h) < timeout(limit * 2) <
                timeout(7ns) < timeout(3ms) < double > >
            > > > > > >
        };
        assert_eq!(at_once(p.run(1)).unwrap(), 2);
    }

    #[test]
    fn pipelines_nest_in_the_captures_of_others() {
        fn boxed(n: u32) -> Pin<Box<dyn Future<Output = u32> + Send>> {
            Box::pin(async move { pipeline! { double(n) }.run(()).await.unwrap_or(0) })
        }
        let p = pipeline! { |_: u32| async |n| { boxed(n).await } };
        assert_eq!(at_once(p.run(4)).unwrap(), 8);
    }
}
