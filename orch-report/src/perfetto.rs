//! A trace for Perfetto: its protobuf format, of which little is needed.
//!
//! A run is a process. Slices of one track have to lie in each other, so what runs beside something else has a track of its own: an
//! execution is on the track of the one around it where that has nothing else open, and else on one that is free.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::record::{Kept, NONE, RunKept, State};
use crate::report::Report;

impl Report {
    /// A trace for <https://ui.perfetto.dev>, which opens it in the browser and sends it nowhere: what Perfetto calls `TrackEvent`s, as a
    /// file whose name may end in `.perfetto-trace`.
    ///
    /// Runs are processes. Waits and backoffs are slices in what waits; circuits and notes are instants. Outputs, reasons, items and
    /// attempts are arguments.
    #[must_use]
    pub fn to_perfetto(&self) -> Vec<u8> {
        let mut trace = Vec::new();
        for run in self.kept.runs.values() {
            write_run(&self.kept, run, &mut trace);
        }
        trace
    }
}

/// What lies on tracks: an execution, or a wait in one.
#[derive(Clone, Copy)]
struct Slice {
    start: u64,
    end: u64,
    around: u32,
    what: What,
}

#[derive(Clone, Copy)]
enum What {
    Span(u32),
    Mark(u32),
}

#[derive(Clone, Copy)]
enum Change {
    Begin(What),
    End,
    Instant(u32),
}

/// A track, of which the slices that are open lie in each other.
#[derive(Default)]
struct Track {
    open: Vec<(u64, What)>,
}

fn write_run(kept: &Kept, run: &RunKept, trace: &mut Vec<u8>) {
    let (slices, instants) = slices(run);
    let (mut tracks, mut changes) = (Vec::<Track>::new(), Vec::new());
    let mut track_of = vec![0; run.spans.len()];
    let mut free = BinaryHeap::<Reverse<(u64, usize)>>::new();
    for slice in slices {
        let track = track_for(&slice, &mut tracks, &track_of, &mut free, &mut changes);
        if let What::Span(span) = slice.what {
            track_of[span as usize] = track;
        }
        changes.push((slice.start, track, Change::Begin(slice.what)));
        if tracks[track].open.is_empty() {
            free.push(Reverse((slice.end, track)));
        }
        tracks[track].open.push((slice.end, slice.what));
    }
    for (number, track) in tracks.iter_mut().enumerate() {
        close(track, number, u64::MAX, &mut changes);
    }
    for (at, span, mark) in instants {
        changes.push((at, track_of[span as usize], Change::Instant(mark)));
    }
    // Stable: what happens on a track at one time stays in its order.
    changes.sort_by_key(|(at, ..)| *at);

    let process = run.number << 32;
    let name = match &run.key {
        Some(key) => format!("run {}: {key}", run.number),
        None => format!("run {}", run.number),
    };
    packet(trace, |packet| {
        message(packet, 60, |descriptor| {
            varint_field(descriptor, 1, process);
            message(descriptor, 3, |process| {
                varint_field(process, 1, run.number & 0x7fff_ffff);
                bytes_field(process, 6, name.as_bytes());
            });
        });
    });
    for track in 0..tracks.len() {
        packet(trace, |packet| {
            message(packet, 60, |descriptor| {
                varint_field(descriptor, 1, uuid(process, track));
                bytes_field(descriptor, 2, format!("track {}", track + 1).as_bytes());
                varint_field(descriptor, 5, process);
                varint_field(descriptor, 12, track as u64);
            });
        });
    }
    for (at, track, change) in changes {
        packet(trace, |packet| {
            varint_field(packet, 8, run.start + at);
            message(packet, 11, |event| {
                varint_field(event, 11, uuid(process, track));
                write_change(kept, run, change, event);
            });
        });
    }
}

fn uuid(process: u64, track: usize) -> u64 {
    process + 1 + track as u64
}

/// All that has a beginning and an end, by its beginning, what is around before what is inside; and what has not: its time, its
/// execution, its mark.
fn slices(run: &RunKept) -> (Vec<Slice>, Vec<(u64, u32, u32)>) {
    let mut slices: Vec<Slice> = Vec::with_capacity(run.spans.len());
    // What is around stands before what is inside, so its end is known.
    let mut ends: Vec<u64> = Vec::with_capacity(run.spans.len());
    for (position, span) in (0..).zip(&run.spans) {
        let around = ends.get(span.parent as usize).copied().unwrap_or(u64::MAX);
        let end = if span.state <= State::Running { run.end().max(span.end) } else { span.end };
        let end = end.min(around).max(span.start);
        ends.push(end);
        slices.push(Slice { start: span.start, end, around: span.parent, what: What::Span(position) });
    }
    let mut instants = Vec::new();
    for (position, mark) in (0..).zip(&run.marks) {
        let end = ends[mark.span as usize];
        let until = if run.waits(position as usize) { end } else { mark.until.min(end) };
        if until > mark.at {
            slices.push(Slice { start: mark.at, end: until, around: mark.span, what: What::Mark(position) });
        } else {
            instants.push((mark.at, mark.span, position));
        }
    }
    slices.sort_by_key(|slice| slice.start);
    (slices, instants)
}

/// The track of a slice: that of what is around it, if nothing else is open there.
fn track_for(
    slice: &Slice,
    tracks: &mut Vec<Track>,
    track_of: &[usize],
    free: &mut BinaryHeap<Reverse<(u64, usize)>>,
    changes: &mut Vec<(u64, usize, Change)>,
) -> usize {
    if slice.around != NONE {
        let track = track_of[slice.around as usize];
        close(&mut tracks[track], track, slice.start, changes);
        let innermost = tracks[track].open.last();
        if innermost.is_some_and(|(end, what)| {
            matches!(what, What::Span(span) if *span == slice.around) && slice.end <= *end
        }) {
            return track;
        }
    }
    if let Some(Reverse((end, track))) = free.peek().copied()
        && end <= slice.start
    {
        free.pop();
        close(&mut tracks[track], track, slice.start, changes);
        return track;
    }
    tracks.push(Track::default());
    tracks.len() - 1
}

/// Ends what has ended by a time.
fn close(track: &mut Track, number: usize, by: u64, changes: &mut Vec<(u64, usize, Change)>) {
    while let Some((end, _)) = track.open.pop_if(|(end, _)| *end <= by) {
        changes.push((end, number, Change::End));
    }
}

fn write_change(kept: &Kept, run: &RunKept, change: Change, event: &mut Vec<u8>) {
    match change {
        Change::End => varint_field(event, 9, 2),
        Change::Begin(What::Span(position)) => {
            varint_field(event, 9, 1);
            let span = &run.spans[position as usize];
            let step = &kept.steps[span.step as usize];
            let name = match span.item {
                Some(item) => format!("{} [{item}]", step.name),
                None => step.name.clone(),
            };
            bytes_field(event, 23, name.as_bytes());
            bytes_field(event, 22, step.kind.as_bytes());
            text(event, "path", &step.path);
            text(event, "place", &step.place);
            text(event, "outcome", outcome(span.state));
            number(event, "attempt", span.attempt.into());
            if span.round > 1 {
                number(event, "round", span.round.into());
            }
            if span.start > span.pending {
                number(event, "waited_ns", span.start - span.pending);
            }
            if let Some(said) = run.text(span.text) {
                text(event, if span.state == State::Failed { "reason" } else { "output" }, said);
            }
        }
        Change::Begin(What::Mark(position)) => {
            varint_field(event, 9, 1);
            write_mark(run, position, event);
        }
        Change::Instant(position) => {
            varint_field(event, 9, 3);
            write_mark(run, position, event);
        }
    }
}

fn write_mark(run: &RunKept, position: u32, event: &mut Vec<u8>) {
    let mark = &run.marks[position as usize];
    bytes_field(event, 23, run.text(mark.text).unwrap_or("told").as_bytes());
    bytes_field(event, 22, run.text(mark.about).unwrap_or("told").as_bytes());
}

fn outcome(state: State) -> &'static str {
    match state {
        State::Pending => "pending",
        State::Running => "running",
        State::Succeeded => "succeeded",
        State::Skipped => "skipped",
        State::Failed => "failed",
        State::Cancelled => "cancelled",
    }
}

// ---- Protobuf ----

/// A packet of the trace. All are of one sequence, in which nothing is abbreviated.
fn packet(trace: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    message(trace, 1, |packet| {
        varint_field(packet, 10, 1);
        write(packet);
    });
}

fn text(event: &mut Vec<u8>, name: &str, value: &str) {
    message(event, 4, |annotation| {
        bytes_field(annotation, 10, name.as_bytes());
        bytes_field(annotation, 6, value.as_bytes());
    });
}

fn number(event: &mut Vec<u8>, name: &str, value: u64) {
    message(event, 4, |annotation| {
        bytes_field(annotation, 10, name.as_bytes());
        varint_field(annotation, 3, value);
    });
}

fn message(out: &mut Vec<u8>, field: u32, write: impl FnOnce(&mut Vec<u8>)) {
    let mut inner = Vec::new();
    write(&mut inner);
    bytes_field(out, field, &inner);
}

fn bytes_field(out: &mut Vec<u8>, field: u32, bytes: &[u8]) {
    varint(out, u64::from(field << 3 | 2));
    varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

fn varint_field(out: &mut Vec<u8>, field: u32, value: u64) {
    varint(out, u64::from(field << 3));
    varint(out, value);
}

fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}
