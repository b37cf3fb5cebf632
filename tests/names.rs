//! Names in long sequences, which are compiled in parts: a name is seen wherever it stands, whatever it lies across.

use async_orch::{BoxError, Run, bus, pipeline, task};

use common::at_once;

mod common;

#[task]
async fn inc(n: u32) -> u32 {
    n + 1
}

#[task]
async fn pair(a: u32, b: u32) -> (u32, u32) {
    (a, b)
}

#[task]
async fn add(a: u32, b: u32) -> u32 {
    a + b
}

/// One run that nobody observes, and one that a bus does.
#[track_caller]
fn gives<P>(p: P, input: P::In, wanted: &P::Out)
where
    P: Run<Error = BoxError>,
    P::In: Clone,
    P::Out: PartialEq + std::fmt::Debug,
{
    assert_eq!(&at_once(p.run(input.clone())).unwrap(), wanted);
    assert_eq!(&at_once(p.with_bus(bus::from_fn(|_| {})).run(input)).unwrap(), wanted);
}

#[rustfmt::skip]
fn a_hundred_and_fifty() -> impl Run<In = u32, Out = u32, Error = BoxError> + 'static {
    pipeline! {
        |x: u32|
        seq <
            let v0 = inc(*x) let v1 = inc(*v0) let v2 = inc(*v1) let v3 = inc(*v2) let v4 = inc(*v3)
            let v5 = inc(*v4) let v6 = inc(*v5) let v7 = inc(*v6) let v8 = inc(*v7) let v9 = inc(*v8)
            let v10 = inc(*v9) let v11 = inc(*v10) let v12 = inc(*v11) let v13 = inc(*v12) let v14 = inc(*v13)
            let v15 = inc(*v14) let v16 = inc(*v15) let v17 = inc(*v16) let v18 = inc(*v17)
            let v19 = inc(*v18) let v20 = inc(*v19) let v21 = inc(*v20) let v22 = inc(*v21)
            let v23 = inc(*v22) let v24 = inc(*v23) let v25 = inc(*v24) let v26 = inc(*v25)
            let v27 = inc(*v26) let v28 = inc(*v27) let v29 = inc(*v28) let v30 = inc(*v29)
            let v31 = inc(*v30) let v32 = inc(*v31) let v33 = inc(*v32) let v34 = inc(*v33)
            let v35 = inc(*v34) let v36 = inc(*v35) let v37 = inc(*v36) let v38 = inc(*v37)
            let v39 = inc(*v38) let v40 = inc(*v39) let v41 = inc(*v40) let v42 = inc(*v41)
            let v43 = inc(*v42) let v44 = inc(*v43) let v45 = inc(*v44) let v46 = inc(*v45)
            let v47 = inc(*v46) let v48 = inc(*v47) let v49 = inc(*v48) let v50 = inc(*v49)
            let v51 = inc(*v50) let v52 = inc(*v51) let v53 = inc(*v52) let v54 = inc(*v53)
            let v55 = inc(*v54) let v56 = inc(*v55) let v57 = inc(*v56) let v58 = inc(*v57)
            let v59 = inc(*v58) let v60 = inc(*v59) let v61 = inc(*v60) let v62 = inc(*v61)
            let v63 = inc(*v62) let v64 = inc(*v63) let v65 = inc(*v64) let v66 = inc(*v65)
            let v67 = inc(*v66) let v68 = inc(*v67) let v69 = inc(*v68) let v70 = inc(*v69)
            let v71 = inc(*v70) let v72 = inc(*v71) let v73 = inc(*v72) let v74 = inc(*v73)
            let v75 = inc(*v74) let v76 = inc(*v75) let v77 = inc(*v76) let v78 = inc(*v77)
            let v79 = inc(*v78) let v80 = inc(*v79) let v81 = inc(*v80) let v82 = inc(*v81)
            let v83 = inc(*v82) let v84 = inc(*v83) let v85 = inc(*v84) let v86 = inc(*v85)
            let v87 = inc(*v86) let v88 = inc(*v87) let v89 = inc(*v88) let v90 = inc(*v89)
            let v91 = inc(*v90) let v92 = inc(*v91) let v93 = inc(*v92) let v94 = inc(*v93)
            let v95 = inc(*v94) let v96 = inc(*v95) let v97 = inc(*v96) let v98 = inc(*v97)
            let v99 = inc(*v98) let v100 = inc(*v99) let v101 = inc(*v100) let v102 = inc(*v101)
            let v103 = inc(*v102) let v104 = inc(*v103) let v105 = inc(*v104) let v106 = inc(*v105)
            let v107 = inc(*v106) let v108 = inc(*v107) let v109 = inc(*v108) let v110 = inc(*v109)
            let v111 = inc(*v110) let v112 = inc(*v111) let v113 = inc(*v112) let v114 = inc(*v113)
            let v115 = inc(*v114) let v116 = inc(*v115) let v117 = inc(*v116) let v118 = inc(*v117)
            let v119 = inc(*v118) let v120 = inc(*v119) let v121 = inc(*v120) let v122 = inc(*v121)
            let v123 = inc(*v122) let v124 = inc(*v123) let v125 = inc(*v124) let v126 = inc(*v125)
            let v127 = inc(*v126) let v128 = inc(*v127) let v129 = inc(*v128) let v130 = inc(*v129)
            let v131 = inc(*v130) let v132 = inc(*v131) let v133 = inc(*v132) let v134 = inc(*v133)
            let v135 = inc(*v134) let v136 = inc(*v135) let v137 = inc(*v136) let v138 = inc(*v137)
            let v139 = inc(*v138) let v140 = inc(*v139) let v141 = inc(*v140) let v142 = inc(*v141)
            let v143 = inc(*v142) let v144 = inc(*v143) let v145 = inc(*v144) let v146 = inc(*v145)
            let v147 = inc(*v146) let v148 = inc(*v147) let v149 = inc(*v148)
            |_| { x * 1000 + v0 * 100 + v75 + v149 }
        >
    }
}

#[test]
fn a_hundred_and_fifty_names() {
    assert_eq!(at_once(a_hundred_and_fifty().run(1)).unwrap(), 1000 + 200 + 77 + 151);
}

#[allow(unused_variables)]
#[rustfmt::skip]
fn a_hundred_in_the_header() -> impl Run<In = u32, Out = u32, Error = BoxError> + 'static {
    pipeline! {
        let h0 = 0_u32; let h1 = 1_u32; let h2 = 2_u32; let h3 = 3_u32; let h4 = 4_u32; let h5 = 5_u32;
        let h6 = 6_u32; let h7 = 7_u32; let h8 = 8_u32; let h9 = 9_u32; let h10 = 10_u32; let h11 = 11_u32;
        let h12 = 12_u32; let h13 = 13_u32; let h14 = 14_u32; let h15 = 15_u32; let h16 = 16_u32;
        let h17 = 17_u32; let h18 = 18_u32; let h19 = 19_u32; let h20 = 20_u32; let h21 = 21_u32;
        let h22 = 22_u32; let h23 = 23_u32; let h24 = 24_u32; let h25 = 25_u32; let h26 = 26_u32;
        let h27 = 27_u32; let h28 = 28_u32; let h29 = 29_u32; let h30 = 30_u32; let h31 = 31_u32;
        let h32 = 32_u32; let h33 = 33_u32; let h34 = 34_u32; let h35 = 35_u32; let h36 = 36_u32;
        let h37 = 37_u32; let h38 = 38_u32; let h39 = 39_u32; let h40 = 40_u32; let h41 = 41_u32;
        let h42 = 42_u32; let h43 = 43_u32; let h44 = 44_u32; let h45 = 45_u32; let h46 = 46_u32;
        let h47 = 47_u32; let h48 = 48_u32; let h49 = 49_u32; let h50 = 50_u32; let h51 = 51_u32;
        let h52 = 52_u32; let h53 = 53_u32; let h54 = 54_u32; let h55 = 55_u32; let h56 = 56_u32;
        let h57 = 57_u32; let h58 = 58_u32; let h59 = 59_u32; let h60 = 60_u32; let h61 = 61_u32;
        let h62 = 62_u32; let h63 = 63_u32; let h64 = 64_u32; let h65 = 65_u32; let h66 = 66_u32;
        let h67 = 67_u32; let h68 = 68_u32; let h69 = 69_u32; let h70 = 70_u32; let h71 = 71_u32;
        let h72 = 72_u32; let h73 = 73_u32; let h74 = 74_u32; let h75 = 75_u32; let h76 = 76_u32;
        let h77 = 77_u32; let h78 = 78_u32; let h79 = 79_u32; let h80 = 80_u32; let h81 = 81_u32;
        let h82 = 82_u32; let h83 = 83_u32; let h84 = 84_u32; let h85 = 85_u32; let h86 = 86_u32;
        let h87 = 87_u32; let h88 = 88_u32; let h89 = 89_u32; let h90 = 90_u32; let h91 = 91_u32;
        let h92 = 92_u32; let h93 = 93_u32; let h94 = 94_u32; let h95 = 95_u32; let h96 = 96_u32;
        let h97 = 97_u32; let h98 = 98_u32; let h99 = 99_u32; move |x: u32|
        seq < let sum = add(*h0, *h99) |_| { *sum + *x + *h50 } >
    }
}

#[test]
fn a_hundred_names_in_the_header() {
    gives(a_hundred_in_the_header(), 7, &(99 + 7 + 50));
}

#[test]
fn a_name_is_seen_from_every_later_part() {
    let owned = "header".to_owned();
    let p = pipeline! {
        let (owned, one) = (owned, 1);
        move |x: u32|
        seq <
            let first = inc(*x)
            let (a, b) = pair(*x, *first)
            inc(0)
            inc
            inc
            inc
            inc
            inc
            inc
            inc
            inc
            let tenth = inc
            // The third part begins here.
            inc(*first)
            inc
            inc
            inc
            inc
            inc
            inc
            inc
            let (_, c) = pair(*b, _)
            inc(*a)
            inc
            inc
            inc
            inc
            inc
            inc
            par <
                add(*first, *tenth)
                seq < let inner = add(*c, *one) |_| { inner + x } >
                retry(max_attempts = 2) < |_| { (owned.len() as u32) + a + b } >
                async |_| { first + c }
            >
            |(w, x, y, z)| { vec![w, x, y, z] }
            each < add(_, *first) >
        >
    };
    // x = 10, first = 11, a = 10, b = 11, tenth = 10, c = 19
    gives(p, 10, &vec![11 + 10 + 11, 19 + 1 + 10 + 11, 6 + 10 + 11 + 11, 11 + 19 + 11]);
}

#[test]
fn a_later_name_hides_an_earlier_one_of_another_part() {
    let p = pipeline! {
        |n: u32|
        seq <
            let n = inc(*n)
            inc(0) inc inc inc inc inc inc inc inc inc inc inc inc
            let n = add(*n, _)
            inc(0) inc inc inc inc inc inc inc inc inc inc inc inc
            add(*n, _)
        >
    };
    gives(p, 1, &(2 + 13 + 13));
}

#[test]
fn collect_and_names_in_one_long_sequence() {
    let p = pipeline! {
        |x: u32|
        seq(collect) <
            inc(*x)
            let early = inc(10)
            inc(20) inc inc inc inc inc inc inc inc inc inc
            add(*early, _)
            let (late, _) = pair(*early, 5)
            inc(*late) add(*x, _)
        >
    };
    let (first, second, .., last_but_two, last_but_one, last) = at_once(p.run(1)).unwrap();
    assert_eq!((first, second, last_but_two, last_but_one, last), (2, 21, 31 + 11, 12, 13));
}

#[test]
fn the_parts_of_a_sequence_do_not_show_in_its_graph() {
    let graph = a_hundred_and_fifty().graph();
    assert_eq!(graph.nodes().len(), 152);
    assert!(graph.nodes().iter().skip(1).all(|node| node.depth() == 1));
}

/// `let … = _` names what is piped, as an inline step that gives it on would.
#[test]
fn what_is_piped_gets_a_name() {
    let closure = pipeline! { |_: u32| seq < inc let n = |x| { x } pair(*n, *n + 1) > };
    let hole = pipeline! { |_: u32| seq < inc let n = _ pair(*n, *n + 1) > };
    gives(closure, 1, &(2, 3));
    gives(hole, 1, &(2, 3));
    gives(pipeline! { |_: u32| seq < let n = _ pair(*n, *n + 1) > }, 1, &(1, 2));
    gives(pipeline! { |_: u32| timeout(1s) < let n: u32 = _ seq < pair(*n, *n + 1) > > }, 1, &(1, 2));
    gives(
        pipeline! { |_: (u32, u32)| seq < let (a, b) = _ let c = add(*a, *b) |_| { (*a, *b, *c) } > },
        (1, 2),
        &(1, 2, 3),
    );
}

#[test]
fn an_item_and_an_attempt_name_what_is_piped() {
    let rows = vec![(1, 2), (3, 4)];
    gives(
        pipeline! { |_: Vec<(u32, u32)>| each(limit = 1) < let (a, b) = _ let sum = add(*a, *b) pair(*sum, *a) > },
        rows.clone(),
        &vec![(3, 1), (7, 3)],
    );
    gives(
        pipeline! { |_: Vec<(u32, u32)>| each < let row = _ retry < let (a, b) = |_| { *row } add(*a, *b) > > },
        rows,
        &vec![3, 7],
    );
    let failing = std::sync::atomic::AtomicU32::new(0);
    let p = pipeline! {
        |_: String|
        retry(backoff = constant(0s)) <
            let text = _
            |_| {
                match failing.fetch_add(1, std::sync::atomic::Ordering::SeqCst) {
                    0 => Err("not yet"),
                    _ => Ok(text.len()),
                }
            }
        >
    };
    assert_eq!(at_once(p.run("four".to_owned())).unwrap(), 4);
}

#[test]
fn a_name_for_the_piped_value_is_no_output_of_collect() {
    let p = pipeline! { |_: u32| seq(collect) < inc let n = _ pair(*n, 0) |_| { *n * 10 } > };
    gives(p, 1, &(2, (2, 0), 20));
}

#[test]
fn a_piped_name_is_seen_across_parts() {
    let p = pipeline! {
        |_: u32|
        seq <
            inc inc inc inc inc inc inc inc inc inc inc
            let eleven = _
            let x = inc(*eleven) inc(*x) inc inc inc inc inc inc inc inc inc
            let last = _
            pair(*eleven, *last)
        >
    };
    gives(p, 0, &(11, 22));
}

/// A name is no step: nothing is told of it, and it is in no graph.
#[test]
fn a_name_is_no_step() {
    let p = pipeline! { |_: u32| seq < let n = _ inc(*n) > };
    let paths: Vec<_> = p.graph().nodes().iter().map(|node| node.path().to_owned()).collect();
    assert_eq!(paths, ["seq", "seq/inc"]);
}
