import CoreModel
import Secure
import Wire

/// The reason that a relay is not joined, found before anything was sent to it.
struct RelayObjection: Error {
    var text: String
    /// The time until another attempt; nil if another will not succeed in the present state.
    var retryAfter: Duration?
}

/// Communities of relays: which one a relay belongs to, and whether it is the expected one (Protocol.md, Communities).
extension Peer {
    /// Returns the community of a relay that has proved its key: the one in its certificate, otherwise its own key.
    /// - Parameter bytes: The certificate that it presented.
    /// - Throws: If the certificate is not valid, or the community is not the expected one.
    func community(of relay: PeerID, showing bytes: [UInt8]?, at session: Int) throws(RelayObjection) -> PeerID {
        let expected = sessions.all[session].community
        guard let bytes else {
            guard let expected, expected != relay else { return relay }
            throw RelayObjection(text: otherKey(relay, than: expected, at: session))
        }
        let community = try certified(relay, by: bytes, at: session)
        guard let expected, expected != community else { return community }
        throw RelayObjection(text: otherCommunity(community, of: relay, than: expected, at: session))
    }

    /// Returns the community in a valid certificate for this relay.
    private func certified(_ relay: PeerID, by bytes: [UInt8], at session: Int) throws(RelayObjection) -> PeerID {
        let problem: CertificateProblem
        do throws(CertificateProblem) {
            let signed = try SignedCertificate(verifying: bytes, with: identity.signing)
            guard let found = signed.problem(for: relay, toMemberAt: wall) else { return signed.certificate.community }
            problem = found
        } catch {
            problem = error
        }
        let place = sessions.all[session].target.address
        var text = "the certificate of the relay at \(place) \(problem.text(at: wall)): nothing was sent to it; "
        switch problem {
        case .expired:
            text += "its operator has to renew it (earshot relay community sign)"
            throw RelayObjection(text: text, retryAfter: Bounds.certificateRetryPause)
        case .notYetValid:
            text += "set the clock if it is wrong, otherwise ask its operator"
            throw RelayObjection(text: text, retryAfter: Bounds.certificateRetryPause)
        case .anotherVersion:
            text += "use a newer Earshot"
        case .malformed, .wrongSignature, .anotherRelay:
            text += "its key is \(relay); somebody may be in between, or its operator has to sign that key "
            text += "(earshot relay community sign)"
        }
        throw RelayObjection(text: text)
    }

    /// Returns the text of the objection to a relay with an unexpected key.
    private func otherKey(_ relay: PeerID, than expected: PeerID, at session: Int) -> String {
        let place = sessions.all[session].target.address
        return
            "the relay at \(place) has the key \(relay), not the one that \(origin(at: session)) (\(expected)): "
            + "somebody may be in between, or it was set up again, or without the certificate of its community; if you "
            + "know that the new key is right, use earshot://\(place)#\(relay)"
    }

    /// Returns the text of the objection to a relay of an unexpected community.
    private func otherCommunity(_ community: PeerID, of relay: PeerID, than expected: PeerID, at session: Int) -> String
    {
        let place = sessions.all[session].target.address
        let advice = "if you know that the community is right, use earshot://\(place)#\(community)"
        guard relay == expected else {
            return "the relay at \(place) belongs to the community \(community), not to the one that "
                + "\(origin(at: session)) (\(expected)): somebody may be in between, or the community was set up "
                + "again; \(advice)"
        }
        return
            "the relay at \(place) has the key that \(origin(at: session)) (\(relay)), and now belongs to the community "
            + "\(community), whose room is another one: ask its operator whether that is so; \(advice)"
    }

    private func origin(at session: Int) -> String {
        sessions.all[session].target.fingerprint == nil ? "it had before" : "its address says"
    }
}
