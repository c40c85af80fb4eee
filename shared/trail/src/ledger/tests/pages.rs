use super::*;

fn store() -> (BTreeMap<PartKey, Vec<Entry>>, Vec<Entry>) {
    let mut store = Store::default();
    let calls: Vec<Entry> = (0..200).rev().map(|n| plain(n, 3)).collect();
    for batch in calls.chunks(50) {
        store.take(MOST_ENTRIES, batch.to_vec());
    }
    let parts = store.parts.iter().map(|(key, packed)| (*key, decode(packed).unwrap())).collect();
    let mut all = store.entries();
    all.sort_by_key(|entry| (entry.call.at, entry.call.region.clone(), entry.call.id.clone()));
    (parts, all)
}

#[test]
fn pages_together_are_everything_once_in_the_order_of_time() {
    let (parts, all) = store();
    for limit in [1, 7, 50, 199, 200, 1_000] {
        let (mut read, mut cursor) = (Vec::new(), None);
        loop {
            let next = page(&parts, cursor.as_ref(), limit, &Filter::default());
            assert!(next.entries.len() <= limit);
            read.extend(next.entries);
            // As it goes through an address.
            cursor = next.next.map(|cursor| cursor.to_string().parse::<Cursor>().unwrap());
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(read, all, "{limit}");
    }
}

#[test]
fn filters_take_what_they_say() {
    let (parts, all) = store();
    let none = Filter::default;
    let time = |n: usize| Some(all[n].call.at);
    for (filter, holds) in [
        (Filter { service: Some("S3".to_owned()), ..none() }, (|call| call.service == "s3") as fn(&Call) -> bool),
        (Filter { action: Some("dynamodb:Put*".to_owned()), ..none() }, |call| call.name == "PutItem"),
        (Filter { action: Some("sts:assumerole".to_owned()), ..none() }, |call| call.name == "AssumeRole"),
        (Filter { denied: Some(true), ..none() }, Call::is_denied),
        (Filter { denied: Some(false), ..none() }, |call| !call.is_denied()),
        (Filter { read_only: Some(true), ..none() }, |call| call.read_only),
        (Filter { ids: Some(BTreeSet::from(["id-5".to_owned()])), ..none() }, |call| call.id == "id-5"),
    ] {
        let found = page(&parts, None, 1_000, &filter).entries;
        let wanted: Vec<Entry> = all.iter().filter(|entry| holds(&entry.call)).cloned().collect();
        assert!(!wanted.is_empty() && wanted.len() < all.len());
        assert_eq!(found, wanted, "{filter:?}");
    }
    let between = Filter { after: time(50), before: time(100), ..none() };
    let found = page(&parts, None, 1_000, &between).entries;
    assert!(found.iter().all(|entry| Some(entry.call.at) >= time(50) && Some(entry.call.at) < time(100)));
    assert!(found.contains(&all[50]) && !found.contains(&all[100]));
}

#[test]
fn what_is_no_cursor_is_refused() {
    for text in ["", "x", "YQ", "!!!", "MjAyNg"] {
        assert_eq!(text.parse::<Cursor>(), Err(BadCursor), "{text}");
    }
}
