// |id: u32| seq < retry(max_att) < fetch(client., *id) let data = par

fn expansion() {
    let pipeline = {
        #[allow(dead_code, unused)]
        type __Tasks = (fetch,);
        core::compile_error! {
            "`retry` has no option `max_att`; it has `max_attempts`, `max_elapsed`, `backoff`, `max_delay`, `jitter`, `retry_after`, `rejections`, `when`, `budget` and `name`"
        }
        core::compile_error! {
            "expected `<` after `par`; a task of that name is `r#par`"
        }
    };
}
