// let client = client.clone();
// move |_: u32|
// seq <
//     let (head, body) = fetch(client.clone(), _)
//     |_| { format!("{head}: {body}") } as "join"
//     async |text, cx| { cx.note(text.as_str()); text }
// >

fn expansion() {
    let pipeline = {
        static __ASYNC_ORCH_NODES: [orch::Meta; 4usize] = [
            orch::Meta {
                index: 0u32,
                parent: core::option::Option::None,
                kind: orch::NodeKind::Block("seq"),
                form: orch::Form::Row,
                name: core::option::Option::None,
                options: &[],
                place: orch::Place {
                    file: core::file!(),
                    line: 4u32,
                    column: 9u32,
                },
            },
            orch::Meta {
                index: 1u32,
                parent: core::option::Option::Some(&__ASYNC_ORCH_NODES[0]),
                kind: orch::NodeKind::Task,
                form: orch::Form::Row,
                name: core::option::Option::None,
                options: &[],
                place: orch::Place {
                    file: core::file!(),
                    line: 5u32,
                    column: 32u32,
                },
            },
            orch::Meta {
                index: 2u32,
                parent: core::option::Option::Some(&__ASYNC_ORCH_NODES[0]),
                kind: orch::NodeKind::Inline,
                form: orch::Form::Row,
                name: core::option::Option::Some("join"),
                options: &[],
                place: orch::Place {
                    file: core::file!(),
                    line: 6u32,
                    column: 13u32,
                },
            },
            orch::Meta {
                index: 3u32,
                parent: core::option::Option::Some(&__ASYNC_ORCH_NODES[0]),
                kind: orch::NodeKind::Inline,
                form: orch::Form::Row,
                name: core::option::Option::None,
                options: &[],
                place: orch::Place {
                    file: core::file!(),
                    line: 7u32,
                    column: 13u32,
                },
            },
        ];
        #[allow(unused_imports)]
        use orch::methods::*;
        #[allow(clippy::redundant_locals)]
        let client = client.clone();
        #[allow(unused_braces)]
        let __orch_header = (
            {
                struct ThisPipeline;
                impl orch::Table for ThisPipeline {
                    #[inline(always)]
                    fn entries() -> &'static [orch::Meta] {
                        &__ASYNC_ORCH_NODES
                    }
                }
                orch::Root::<ThisPipeline>::new()
            },
            (
                {
                    let (__orch_gate1, __orch_place2) = orch::owned(client);
                    orch::wanted::CanBeOwned::__orch_holds({ __orch_place2 });
                    __orch_gate1.pass({ __orch_place2 }).__orch_known()
                },
            ),
        );
        #[allow(unused_braces)]
        let __orch_tok = {
            let __orch_tok = orch::begin::<u32, orch::BoxError, _>(&__orch_header);
            let __orch_tok = {
                let (__orch_gate27, __orch_place28) = __orch_tok.input();
                orch::wanted::CanBeInput::__orch_holds({ __orch_place28 });
                __orch_gate27.pass({ __orch_place28 }).__orch_known()
            };
            __orch_tok
        };
        #[allow(unused_braces, unused_parens)]
        let __orch_root = {
            let __orch_step7 = {
                let __orch_step6 = __orch_tok
                    .leaf(
                        orch::NodeAt::<1>,
                        move |__orch_scope, __orch_input| {
                            #[allow(unused_variables)]
                            let client = &__orch_scope.1.0;
                            <fetch>::call(
                                client.clone(),
                                {
                                    let __orch_hole3 = orch::slot::hole::<(fetch), _>();
                                    if false {
                                        __orch_hole3.parameter()
                                    } else {
                                        orch::wanted::EntersInto::flow({
                                            __orch_hole3.meets(__orch_input)
                                        })
                                    }
                                },
                            )
                        },
                    );
                let (__orch_gate4, __orch_place5) = __orch_tok.call(__orch_step6);
                orch::wanted::CanBeGiven::__orch_holds({ __orch_gate4.__orch_output() });
                orch::wanted::CanBeFailedWith::__orch_holds({
                    __orch_gate4.__orch_failure()
                });
                let (__orch_gate4, __orch_place5) = __orch_gate4.pass({ __orch_place5 });
                orch::wanted::IntoBoxError::__orch_holds({ __orch_place5 });
                __orch_gate4.__orch_known()
            };
            let __orch_tok9 = {
                let (__orch_gate10, __orch_place11) = __orch_tok.kept({ &__orch_step7 });
                orch::wanted::CanBeKept::__orch_holds({ __orch_place11 });
                __orch_gate10.pass({ __orch_place11 }).__orch_known()
            };
            let __orch_tok8 = __orch_tok9.bound({ &__orch_step7 });
            __orch_tok
                .takes_apart(
                    { &__orch_step7 },
                    |__orch_value| {
                        #[allow(unused_variables)]
                        let (head, body) = { __orch_value };
                    },
                );
            let __orch_step17 = {
                let __orch_step16 = {
                    let __orch_closure12 = __orch_tok8
                        .inline(
                            orch::NodeAt::<2>,
                            move |__orch_scope, __orch_input| {
                                #[allow(unused_variables)]
                                let (head, body) = { __orch_scope.1 };
                                #[allow(
                                    clippy::ignored_unit_patterns,
                                    clippy::let_unit_value
                                )]
                                let _ = { __orch_input };
                                { format!("{head}: {body}") }
                            },
                        );
                    let __orch_how13 = {
                        orch::result(
                            &__orch_closure12,
                            |__orch_raw| __orch_raw.__orch_settled(),
                        );
                        (&&&&&&orch::probe(&__orch_closure12)).__orch_how()
                    };
                    __orch_tok8.reads(__orch_closure12, __orch_how13)
                };
                if false {
                    orch::wanted::CanBeMovedIn::__orch_holds({
                        orch::captured(__orch_step16.__orch_closure())
                    });
                }
                let (__orch_gate14, __orch_place15) = __orch_tok8.inlined(__orch_step16);
                orch::wanted::CanBeGiven::__orch_holds({
                    __orch_gate14.__orch_output()
                });
                orch::wanted::IsAwaited::__orch_holds({
                    __orch_gate14.__orch_awaited()
                });
                let (__orch_gate14, __orch_place15) = __orch_gate14
                    .pass({ __orch_place15 });
                orch::wanted::IntoBoxError::__orch_holds({ __orch_place15 });
                __orch_gate14.__orch_known()
            };
            let __orch_tok18 = __orch_tok8.after({ &__orch_step17 });
            let __orch_step24 = {
                let __orch_step23 = {
                    let __orch_closure19 = __orch_tok18
                        .inline_async_context(
                            orch::NodeAt::<3>,
                            move |_, __orch_scope, __orch_input, __orch_context| {
                                let __orch_moved = orch::Moved::new((
                                    __orch_input,
                                    __orch_context,
                                ));
                                ::std::boxed::Box::pin(async move {
                                    #[allow(unused_variables)]
                                    let (__orch_input, __orch_context) = orch::Moved::take(
                                        __orch_moved,
                                    );
                                    let cx = __orch_context;
                                    #[allow(
                                        clippy::ignored_unit_patterns,
                                        clippy::let_unit_value
                                    )]
                                    let text = __orch_input;
                                    {
                                        cx.note(text.as_str());
                                        text
                                    }
                                })
                            },
                        );
                    let __orch_how20 = {
                        orch::result(
                            &__orch_closure19,
                            |__orch_raw| __orch_raw.__orch_settled(),
                        );
                        (&&&&&&&&orch::probe(&__orch_closure19)).__orch_how()
                    };
                    __orch_tok18.reads(__orch_closure19, __orch_how20)
                };
                let (__orch_gate21, __orch_place22) = __orch_tok18
                    .inlined(__orch_step23);
                orch::wanted::CanBeGiven::__orch_holds({
                    __orch_gate21.__orch_output()
                });
                orch::wanted::IsAwaited::__orch_holds({
                    __orch_gate21.__orch_awaited()
                });
                let (__orch_gate21, __orch_place22) = __orch_gate21
                    .pass({ __orch_place22 });
                orch::wanted::IntoBoxError::__orch_holds({ __orch_place22 });
                __orch_gate21.__orch_known()
            };
            let __orch_tok25 = __orch_tok18.after({ &__orch_step24 });
            let __orch_body26 = (
                orch::seq::Bind(__orch_tok9.pass(__orch_step7)),
                orch::seq::Pipe(__orch_step17),
                orch::seq::Pipe(__orch_step24),
            );
            orch::seq::seq(
                &__ASYNC_ORCH_NODES[0],
                orch::seq::Options {
                    collect: orch::seq::default::collect(),
                },
                __orch_body26,
            )
        };
        orch::Plan::of(__orch_header, __orch_tok, __orch_root).pipeline()
    };
}
