//! Source addresses: which are somebody's, and which range holds one.

use std::net::{IpAddr, Ipv6Addr};

/// An address that a person can be at; `None` for a service's name, an address inside a network of somebody's own
/// (through a VPC endpoint everybody can have any), or anything else.
pub(super) fn of_somebody(text: &str) -> Option<String> {
    let address: IpAddr = text.parse().ok()?;
    (!is_inside(address)).then(|| known_as(address))
}

/// How an address is told from another. In IPv6 the 64 bits of the network: the rest of it changes by itself, several times
/// a day. Source: RFC 8981, temporary address extensions.
pub(super) fn known_as(address: IpAddr) -> String {
    match address {
        IpAddr::V4(_) => address.to_string(),
        IpAddr::V6(v6) => {
            v6.to_ipv4_mapped().map_or_else(|| format!("{}/64", network(v6, 64)), |mapped| mapped.to_string())
        }
    }
}

/// Whether two are of one family, as [`known_as`] writes them: a machine has one of each, and uses both at once.
pub(super) fn same_family(one: &str, other: &str) -> bool {
    one.contains(':') == other.contains(':')
}

/// Whether a range in CIDR form holds an address. What is no range holds nothing.
pub(super) fn holds(range: &str, address: IpAddr) -> bool {
    let Some((base, bits)) = range.split_once('/') else { return false };
    let (Ok(base), Ok(bits)) = (base.parse::<IpAddr>(), bits.parse::<u32>()) else { return false };
    match (base, address) {
        (IpAddr::V4(base), IpAddr::V4(address)) if bits <= 32 => {
            let away = 32_u32.saturating_sub(bits);
            let cut = |bits: u32| bits.checked_shr(away).unwrap_or(0);
            cut(base.to_bits()) == cut(address.to_bits())
        }
        (IpAddr::V6(base), IpAddr::V6(address)) if bits <= 128 => network(base, bits) == network(address, bits),
        (IpAddr::V4(_), IpAddr::V6(v6)) => v6.to_ipv4_mapped().is_some_and(|mapped| holds(range, IpAddr::V4(mapped))),
        (IpAddr::V4(_) | IpAddr::V6(_), _) => false,
    }
}

fn network(address: Ipv6Addr, bits: u32) -> Ipv6Addr {
    let away = 128_u32.saturating_sub(bits);
    Ipv6Addr::from_bits(address.to_bits().checked_shr(away).and_then(|kept| kept.checked_shl(away)).unwrap_or_default())
}

fn is_inside(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_private() || v4.is_loopback() || v4.is_link_local() || v4.is_unspecified(),
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(mapped) => is_inside(IpAddr::V4(mapped)),
            None => v6.is_loopback() || v6.is_unspecified() || v6.is_unique_local() || v6.is_unicast_link_local(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_hold_what_they_say() {
        let holds = |range: &str, address: &str| super::holds(range, address.parse().unwrap());
        assert!(holds("203.0.113.0/24", "203.0.113.255"));
        assert!(!holds("203.0.113.0/24", "203.0.114.0"));
        assert!(holds("203.0.113.7/32", "203.0.113.7"));
        assert!(holds("0.0.0.0/0", "8.8.8.8"));
        assert!(holds("203.0.113.0/24", "::ffff:203.0.113.9"));
        assert!(holds("2001:db8::/32", "2001:db8:ffff::1"));
        assert!(!holds("2001:db8::/32", "2001:db9::1"));
        assert!(holds("::/0", "2001:db8::1"));
        for nothing in ["203.0.113.0", "203.0.113.0/33", "x/8", "2001:db8::/129", ""] {
            assert!(!holds(nothing, "203.0.113.0"), "{nothing}");
        }
    }

    #[test]
    fn addresses_of_somebody() {
        assert_eq!(of_somebody("203.0.113.9").as_deref(), Some("203.0.113.9"));
        assert_eq!(of_somebody("::ffff:203.0.113.9").as_deref(), Some("203.0.113.9"));
        assert_eq!(of_somebody("2001:db8:1:2:3:4:5:6").as_deref(), Some("2001:db8:1:2::/64"));
        for nobody in ["s3.amazonaws.com", "AWS Internal", "", "10.1.2.3", "fd00::1", "::ffff:10.0.0.1", "127.0.0.1"] {
            assert_eq!(of_somebody(nobody), None, "{nobody}");
        }
    }
}
