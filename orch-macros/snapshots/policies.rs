// error = AppError;
// |_: u32|
// retry(max_attempts = 3, backoff = exponential(100ms), when = |e| e.is_retryable()) <
//     circuit(breaker = &breaker) < timeout(2s) < fetch > >
// >

fn expansion() {
    let pipeline = {
        static __ASYNC_ORCH_NODES: [orch::Meta; 4usize] = [
            orch::Meta {
                index: 0u32,
                parent: core::option::Option::None,
                kind: orch::NodeKind::Block("retry"),
                form: orch::Form::Row,
                name: core::option::Option::None,
                options: &[
                    ("max_attempts", "3"),
                    ("backoff", "exponential(100ms)"),
                    ("when", "|e| e.is_retryable()"),
                ],
                place: orch::Place {
                    file: core::file!(),
                    line: 4u32,
                    column: 9u32,
                },
            },
            orch::Meta {
                index: 1u32,
                parent: core::option::Option::Some(&__ASYNC_ORCH_NODES[0]),
                kind: orch::NodeKind::Block("circuit"),
                form: orch::Form::Row,
                name: core::option::Option::None,
                options: &[("breaker", "&breaker")],
                place: orch::Place {
                    file: core::file!(),
                    line: 5u32,
                    column: 13u32,
                },
            },
            orch::Meta {
                index: 2u32,
                parent: core::option::Option::Some(&__ASYNC_ORCH_NODES[1]),
                kind: orch::NodeKind::Block("timeout"),
                form: orch::Form::Row,
                name: core::option::Option::None,
                options: &[("", "2s")],
                place: orch::Place {
                    file: core::file!(),
                    line: 5u32,
                    column: 43u32,
                },
            },
            orch::Meta {
                index: 3u32,
                parent: core::option::Option::Some(&__ASYNC_ORCH_NODES[2]),
                kind: orch::NodeKind::Task,
                form: orch::Form::Row,
                name: core::option::Option::None,
                options: &[],
                place: orch::Place {
                    file: core::file!(),
                    line: 5u32,
                    column: 57u32,
                },
            },
        ];
        #[allow(unused_imports)]
        use orch::methods::*;
        #[allow(unused_braces)]
        let __orch_header = {
            struct ThisPipeline;
            impl orch::Table for ThisPipeline {
                #[inline(always)]
                fn entries() -> &'static [orch::Meta] {
                    &__ASYNC_ORCH_NODES
                }
            }
            orch::Root::<ThisPipeline>::new()
        };
        #[allow(unused_braces)]
        let __orch_tok = {
            let __orch_tok = orch::begin::<u32, AppError, _>(&__orch_header);
            let __orch_tok = {
                let (__orch_gate16, __orch_place17) = __orch_tok.input();
                orch::wanted::CanBeInput::__orch_holds({ __orch_place17 });
                __orch_gate16.pass({ __orch_place17 }).__orch_known()
            };
            let __orch_tok = {
                let (__orch_gate18, __orch_place19) = __orch_tok.failure();
                orch::wanted::CanBeTheErrorType::__orch_holds({ __orch_place19 });
                __orch_gate18.pass({ __orch_place19 }).__orch_known()
            };
            __orch_tok
        };
        #[allow(unused_braces, unused_parens)]
        let __orch_root = {
            let __orch_tok13 = {
                let (__orch_gate14, __orch_place15) = __orch_tok.duplicate_input();
                orch::wanted::CanBeCloned::__orch_holds({ __orch_place15 });
                __orch_gate14.pass({ __orch_place15 }).__orch_known()
            };
            let (__orch_tok1, __orch_feed2) = __orch_tok13
                .pass(orch::retry::enter(&__orch_tok13, orch::Uses));
            let __orch_body3 = {
                let (__orch_tok4, __orch_feed5) = __orch_tok1
                    .pass(orch::circuit::enter(&__orch_tok1, orch::Uses));
                let __orch_body6 = {
                    let (__orch_tok7, __orch_feed8) = __orch_tok4
                        .pass(orch::timeout::enter(&__orch_tok4, orch::Uses));
                    let __orch_body9 = {
                        let __orch_step12 = __orch_tok7
                            .leaf(
                                orch::NodeAt::<3>,
                                |_, __orch_input| {
                                    orch::wanted::EntersInto::flow({
                                        <fetch>::slot().meets(__orch_input)
                                    })
                                },
                            );
                        let (__orch_gate10, __orch_place11) = __orch_tok7
                            .task(__orch_step12);
                        orch::wanted::Task::__orch_holds({ __orch_place11 });
                        orch::wanted::CanBeGiven::__orch_holds({
                            __orch_gate10.__orch_output()
                        });
                        orch::wanted::CanBeFailedWith::__orch_holds({
                            __orch_gate10.__orch_failure()
                        });
                        let (__orch_gate10, __orch_place11) = __orch_gate10
                            .pass({ __orch_place11 });
                        orch::wanted::IntoFailure::__orch_holds({ __orch_place11 });
                        __orch_gate10.__orch_known()
                    };
                    __orch_tok4
                        .pass(
                            orch::timeout::timeout(
                                &__orch_tok4,
                                &__ASYNC_ORCH_NODES[2],
                                orch::timeout::Options {
                                    error: __orch_tok4.error(),
                                    values: __orch_tok4
                                        .once(
                                            orch::timeout::Values {
                                                duration: orch::timeout::given::duration((
                                                    core::time::Duration::new(2u64, 0u32),
                                                )),
                                            },
                                            &__ASYNC_ORCH_NODES[2],
                                        ),
                                },
                                __orch_feed8,
                                __orch_body9,
                            ),
                        )
                };
                __orch_tok1
                    .pass(
                        orch::circuit::circuit(
                            &__orch_tok1,
                            &__ASYNC_ORCH_NODES[1],
                            orch::circuit::Options {
                                error: __orch_tok1.error(),
                                values: __orch_tok1
                                    .once(
                                        orch::circuit::Values {
                                            fail_max: orch::circuit::default::fail_max(),
                                            failure_rate: orch::circuit::default::failure_rate(),
                                            window: orch::circuit::default::window(),
                                            min_calls: orch::circuit::default::min_calls(),
                                            reset_timeout: orch::circuit::default::reset_timeout(),
                                            probes: orch::circuit::default::probes(),
                                            close_after: orch::circuit::default::close_after(),
                                            wait: orch::circuit::default::wait(),
                                            breaker: orch::circuit::given::breaker((
                                                orch::wanted::CanBeABreaker::given(&breaker),
                                            )),
                                        },
                                        &__ASYNC_ORCH_NODES[1],
                                    ),
                                ignore: __orch_tok1
                                    .predicate(orch::circuit::default::ignore()),
                            },
                            __orch_feed5,
                            __orch_body6,
                        ),
                    )
            };
            __orch_tok13
                .pass(
                    orch::retry::retry(
                        &__orch_tok13,
                        &__ASYNC_ORCH_NODES[0],
                        orch::retry::Options {
                            error: __orch_tok.error(),
                            values: __orch_tok
                                .once(
                                    orch::retry::Values {
                                        max_attempts: orch::retry::given::max_attempts((
                                            orch::wanted::CanBeMaxAttempts::given(3),
                                        )),
                                        max_elapsed: orch::retry::default::max_elapsed(),
                                        backoff: orch::retry::given::backoff((
                                            orch::wanted::CanBeABackoff::given(
                                                orch::retry::words::exponential(
                                                    core::time::Duration::new(0u64, 100000000u32),
                                                ),
                                            ),
                                        )),
                                        max_delay: orch::retry::default::max_delay(),
                                        jitter: orch::retry::default::jitter(),
                                        rejections: orch::retry::default::rejections(),
                                        budget: orch::retry::default::budget(),
                                    },
                                    &__ASYNC_ORCH_NODES[0],
                                ),
                            retry_after: __orch_tok
                                .asked(orch::retry::default::retry_after()),
                            when: __orch_tok.predicate(|e| e.is_retryable()),
                        },
                        __orch_feed2,
                        __orch_body3,
                    ),
                )
        };
        orch::Plan::of(__orch_header, __orch_tok, __orch_root).pipeline()
    };
}
