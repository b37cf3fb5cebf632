//! A trace: its form, read again here; `.ci/perfetto` reads it with Perfetto's own schema.

mod common;

use std::collections::HashMap;

use common::{dead, records};
use orch_report::{Record, Report};

/// A message of protobuf as its fields: numbers, or bytes.
fn fields(mut bytes: &[u8]) -> Vec<(u64, u64, &[u8])> {
    fn varint(bytes: &mut &[u8]) -> u64 {
        let mut value = 0;
        for (place, byte) in bytes.iter().enumerate() {
            value |= u64::from(byte & 0x7f) << (7 * place);
            if byte & 0x80 == 0 {
                *bytes = &bytes[place + 1..];
                return value;
            }
        }
        panic!("a number does not end");
    }
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let key = varint(&mut bytes);
        let value = varint(&mut bytes);
        match key & 7 {
            0 => found.push((key >> 3, value, &bytes[..0])),
            2 => {
                let (inner, rest) = bytes.split_at(usize::try_from(value).unwrap());
                found.push((key >> 3, 0, inner));
                bytes = rest;
            }
            kind => panic!("a field of kind {kind}"),
        }
    }
    found
}

fn number(fields: &[(u64, u64, &[u8])], wanted: u64) -> Option<u64> {
    fields.iter().find(|field| field.0 == wanted).map(|field| field.1)
}

fn bytes<'b>(fields: &[(u64, u64, &'b [u8])], wanted: u64) -> Option<&'b [u8]> {
    fields.iter().find(|field| field.0 == wanted).map(|field| field.2)
}

#[derive(Debug, PartialEq)]
struct Slice {
    name: String,
    start: u64,
    end: u64,
}

/// The slices of a trace, whose nesting is checked, and the names of its instants.
fn read(trace: &[u8]) -> (Vec<Slice>, Vec<String>) {
    let (mut open, mut slices, mut instants, mut latest) =
        (HashMap::<u64, Vec<Slice>>::new(), Vec::new(), Vec::new(), 0);
    let mut described = Vec::new();
    for (field, _, packet) in fields(trace) {
        assert_eq!(field, 1, "a trace has packets");
        let packet = fields(packet);
        if let Some(descriptor) = bytes(&packet, 60) {
            described.push(number(&fields(descriptor), 1).unwrap());
            latest = 0;
            continue;
        }
        let at = number(&packet, 8).unwrap();
        assert!(at >= latest, "in the order of their times");
        latest = at;
        let event = fields(bytes(&packet, 11).unwrap());
        let track = number(&event, 11).unwrap();
        assert!(described.contains(&track));
        let name = bytes(&event, 23).map(|name| String::from_utf8(name.to_vec()).unwrap());
        let stack = open.entry(track).or_default();
        match number(&event, 9) {
            Some(1) => stack.push(Slice { name: name.unwrap(), start: at, end: 0 }),
            Some(2) => {
                let mut slice = stack.pop().expect("a slice is open on the track");
                slice.end = at;
                slices.push(slice);
            }
            Some(3) => instants.push(name.unwrap()),
            kind => panic!("an event of type {kind:?}"),
        }
    }
    assert!(open.values().all(Vec::is_empty), "all slices have ended");
    (slices, instants)
}

fn lengths(slices: &[Slice], name: &str) -> Vec<u64> {
    let mut lengths: Vec<u64> = slices
        .iter()
        .filter(|slice| slice.name == name)
        .map(|slice| (slice.end - slice.start) / 1_000_000)
        .collect();
    lengths.sort_unstable();
    lengths
}

#[tokio::test(start_paused = true)]
async fn every_execution_is_a_slice_and_slices_lie_in_each_other() {
    let record = Record::new();
    records(&record).await;
    dead(&record).await.unwrap();
    let report = record.report();
    let (slices, instants) = read(&report.to_perfetto());
    let backoff = "retrying `save` in 1s, attempt 2";
    assert_eq!(lengths(&slices, backoff), [1000]);
    assert_eq!(slices.len(), report.executions() + 1);
    assert_eq!(
        (lengths(&slices, "a"), lengths(&slices, "b"), lengths(&slices, "c")),
        (vec![30], vec![20], vec![10])
    );
    assert_eq!(slices.iter().filter(|slice| slice.name.starts_with("save [")).count(), 4);
    assert!(instants.iter().any(|name| name == "closed -> open, tripped by failure 2"), "{instants:?}");
    assert_eq!(instants.iter().filter(|name| name.starts_with("note: saving")).count(), 4);
}

#[tokio::test(start_paused = true)]
async fn what_has_not_ended_ends_where_the_file_does() {
    let events = orch_report::EventWriter::new(Vec::new(), []);
    records(&events).await;
    let lines = events.finish().unwrap();
    let header = lines.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    for end in (header..lines.len()).step_by(37) {
        let report: Report = orch_report::read(&lines[..end]).unwrap().report;
        let (slices, _) = read(&report.to_perfetto());
        assert!(slices.len() >= report.executions(), "at {end}");
    }
}
