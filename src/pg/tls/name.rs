//! Whether a certificate is for a host, by libpq's rules for `verify-full`.
//!
//! Alternative names count; the common name only where there is no alternative name of the host's kind. `*.` stands for
//! exactly one label.

use std::net::IpAddr;

use x509_cert::Certificate;
use x509_cert::der::asn1::{Ia5StringRef, PrintableStringRef, TeletexStringRef, Utf8StringRef};
use x509_cert::der::oid::ObjectIdentifier;
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;

const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");

/// Whether the certificate is for this name or address.
pub(super) fn is_for(certificate: &Certificate, host: &str) -> bool {
    let ip: Option<IpAddr> = host.parse().ok();
    let alternatives = match certificate.tbs_certificate().get_extension::<SubjectAltName>() {
        Ok(found) => found.map(|(_, names)| names.0).unwrap_or_default(),
        Err(_) => return false,
    };
    let (mut found, mut of_its_kind) = (false, false);
    for name in &alternatives {
        match name {
            GeneralName::DnsName(name) => {
                of_its_kind |= ip.is_none();
                found |= fits(name.as_str(), host, ip);
            }
            GeneralName::IpAddress(octets) => {
                of_its_kind |= ip.is_some();
                found |= ip.is_some_and(|ip| match ip {
                    IpAddr::V4(ip) => octets.as_bytes() == ip.octets(),
                    IpAddr::V6(ip) => octets.as_bytes() == ip.octets(),
                });
            }
            _ => {}
        }
    }
    found || !of_its_kind && common_name(certificate).is_some_and(|name| fits(&name, host, ip))
}

fn fits(pattern: &str, host: &str, ip: Option<IpAddr>) -> bool {
    if pattern.eq_ignore_ascii_case(host) {
        return true;
    }
    let (Some(suffix), None) = (pattern.strip_prefix('*'), ip) else { return false };
    let label = host.len().checked_sub(suffix.len()).and_then(|at| host.split_at_checked(at));
    suffix.len() > 1
        && suffix.starts_with('.')
        && label
            .is_some_and(|(label, rest)| !label.is_empty() && !label.contains('.') && rest.eq_ignore_ascii_case(suffix))
}

/// The first common name of the subject.
fn common_name(certificate: &Certificate) -> Option<String> {
    let subject = certificate.tbs_certificate().subject();
    let value = subject.iter().find(|attribute| attribute.oid == COMMON_NAME).map(|attribute| &attribute.value)?;
    let text = |found: &str| found.to_owned();
    Utf8StringRef::try_from(value)
        .map(|s| text(s.as_str()))
        .or_else(|_| PrintableStringRef::try_from(value).map(|s| text(s.as_str())))
        .or_else(|_| Ia5StringRef::try_from(value).map(|s| text(s.as_str())))
        .or_else(|_| TeletexStringRef::try_from(value).map(|s| text(s.as_str())))
        .ok()
        .filter(|name| !name.contains('\0'))
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, DnType, KeyPair, SanType};
    use x509_cert::der::Decode;

    use super::*;

    fn certificate(common_name: &str, dns: &[&str], ips: &[&str]) -> Certificate {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, common_name);
        params.subject_alt_names = dns.iter().map(|name| SanType::DnsName((*name).try_into().unwrap())).collect();
        params.subject_alt_names.extend(ips.iter().map(|ip| SanType::IpAddress(ip.parse().unwrap())));
        let certificate = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
        Certificate::from_der(certificate.der()).unwrap()
    }

    #[test]
    fn alternative_names_count_before_the_common_name() {
        let both = certificate("cn.example", &["db.example"], &["10.0.0.1"]);
        assert!(is_for(&both, "DB.example") && is_for(&both, "10.0.0.1"));
        assert!(!is_for(&both, "cn.example") && !is_for(&both, "10.0.0.2"));
        let plain = certificate("cn.example", &[], &[]);
        assert!(is_for(&plain, "cn.example") && !is_for(&plain, "other.example"));
        let only_ip = certificate("cn.example", &[], &["::1"]);
        assert!(is_for(&only_ip, "cn.example") && is_for(&only_ip, "::1"));
        assert!(is_for(&certificate("10.0.0.1", &["db.example"], &[]), "10.0.0.1"));
    }

    #[test]
    fn a_star_is_one_label() {
        let star = certificate("x", &["*.db.example"], &[]);
        assert!(is_for(&star, "a.db.example"));
        for not in ["db.example", "a.b.db.example", ".db.example", "a.db.examplex"] {
            assert!(!is_for(&star, not), "{not}");
        }
        assert!(!is_for(&certificate("*", &[], &[]), "host"));
        assert!(!is_for(&certificate("*.0.0.1", &[], &[]), "10.0.0.1"));
    }
}
