//! By which names it may be asked for.
//!
//! A name that somebody else owns can lead to loopback, and a page of that name could then read all that is there: what is known
//! as DNS rebinding. The browser says in `Host` which name it was.

use std::net::IpAddr;

use axum::http::header::{HOST, HeaderMap};

pub(super) struct Hosts {
    bound: IpAddr,
    /// In lower case.
    allowed: Vec<String>,
}

impl Hosts {
    pub(super) fn new(bound: IpAddr, allowed: Vec<String>) -> Self {
        Hosts { bound, allowed: allowed.iter().map(|host| host.to_ascii_lowercase()).collect() }
    }

    /// Whether there is one name, and it is known.
    pub(super) fn allow(&self, headers: &HeaderMap) -> bool {
        let mut hosts = headers.get_all(HOST).iter();
        let (Some(host), None) = (hosts.next(), hosts.next()) else { return false };
        host.to_str().is_ok_and(|host| self.knows(host))
    }

    fn knows(&self, host: &str) -> bool {
        let host = match host.rsplit_once(':') {
            Some((name, port)) if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) => name,
            _ => host,
        };
        let address = match host.strip_prefix('[') {
            Some(host) => host.strip_suffix(']').and_then(|host| host.parse().ok()).map(IpAddr::V6),
            None => host.parse().ok().map(IpAddr::V4),
        };
        if let Some(address) = address {
            // An address is nobody's name. On all of them, any may be the one that was meant.
            return address.is_loopback() || address == self.bound || self.bound.is_unspecified();
        }
        let host = host.to_ascii_lowercase();
        host == "localhost" || self.allowed.contains(&host)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn knows(bound: &str, host: &str) -> bool {
        Hosts::new(bound.parse().unwrap(), vec!["Runs.Example".to_owned()]).knows(host)
    }

    #[test]
    fn it_answers_to_loopback_and_to_what_is_allowed() {
        for host in [
            "localhost",
            "localhost:80",
            "LocalHost:1",
            "127.0.0.1:7700",
            "127.1.2.3",
            "[::1]:7700",
            "[::1]",
            "runs.example:443",
        ] {
            assert!(knows("127.0.0.1", host), "{host}");
        }
    }

    #[test]
    fn it_answers_to_no_name_of_others() {
        for host in [
            "",
            "evil.example",
            "evil.example:7700",
            "localhost.evil.example",
            "evil-localhost",
            "127.0.0.1.evil.example",
            "localhost.",
            "192.168.0.7",
            "[::2]",
            "[::1",
            "::1",
            "localhost:80:80",
            "localhost@evil.example",
            "127.0.0.1:",
        ] {
            assert!(!knows("127.0.0.1", host), "{host}");
        }
    }

    #[test]
    fn beyond_loopback_it_answers_to_its_address() {
        assert!(knows("192.168.0.7", "192.168.0.7:7700") && !knows("192.168.0.7", "192.168.0.8"));
        assert!(knows("0.0.0.0", "192.168.0.8") && !knows("0.0.0.0", "evil.example"));
    }

    #[test]
    fn two_names_are_none() {
        let hosts = Hosts::new("127.0.0.1".parse().unwrap(), Vec::new());
        let mut headers = HeaderMap::new();
        assert!(!hosts.allow(&headers));
        headers.append(HOST, "localhost".parse().unwrap());
        assert!(hosts.allow(&headers));
        headers.append(HOST, "localhost".parse().unwrap());
        assert!(!hosts.allow(&headers));
    }
}
