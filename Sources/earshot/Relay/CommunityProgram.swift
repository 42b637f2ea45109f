import CoreModel
import Host
import Options
import PeerCore
import Secure
import Wire

/// `earshot relay community`.
struct CommunityProgram {
    private let command: CommunityCommand

    init(_ command: CommunityCommand) { self.command = command }

    func run() throws -> ExitStatus {
        ProcessEnvironment.keepFilesPrivate()
        switch command {
        case .help: try ProcessEnvironment.show(Array(CommunityCommand.helpText.utf8))
        case .new(let file, let relay): try makeKey(in: file, fromRelay: relay)
        case .sign(let file, let relay, let days): try sign(relay, for: days, with: file)
        }
        return .done
    }

    private func makeKey(in file: String, fromRelay directory: String?) throws {
        var seed = Entropy.bytes(Identity.seedBytes)
        if let directory {
            guard let kept = try StateDirectory.identitySeed(at: directory) else {
                throw HostError("no relay has a key in \(directory) (name its state directory with --from DIR)")
            }
            seed = kept
        }
        try KeyFile.keep(seed, at: file)
        try ProcessEnvironment.show(Array("\(Identity(seed: seed).peerID)\n".utf8))
        let origin =
            directory.map {
                "It is the key of the relay in \($0), which runs on as before and needs no certificate while it has "
                    + "this key. "
            } ?? ""
        ProcessEnvironment.printError(
            "The community's key is in \(file): keep it off the relays, and keep a copy. \(origin)For each relay of "
                + "the community: earshot relay community sign \(file) RELAY-ID > CERTIFICATE-FILE")
    }

    /// Signs a certificate, backdated because the relay's clock may be slow.
    private func sign(_ relay: PeerID, for days: Int, with file: String) throws {
        let community = Identity(seed: try KeyFile.seed(at: file))
        let now = Clock.wall().milliseconds
        let certificate = RelayCertificate(
            community: community.peerID, relay: relay,
            notBefore: now - min(now, Bounds.certificateToleranceMilliseconds),
            notAfter: now + UInt64(days) * 86_400_000)
        let signed = SignedCertificate(signing: certificate, by: community)
        let text = """
            # A certificate of a community of Earshot relays (earshot relay --community FILE).
            # community: \(certificate.community)
            # relay:     \(certificate.relay)
            # valid:     \(WallTime(milliseconds: certificate.notBefore).utcText) to \
            \(WallTime(milliseconds: certificate.notAfter).utcText)
            \(signed.text)

            """
        try ProcessEnvironment.show(Array(text.utf8))
    }
}

extension RelayProgram {
    /// `earshot relay id`.
    static func showID(_ place: RelayCommand.Place) throws -> ExitStatus {
        ProcessEnvironment.keepFilesPrivate()
        let directory = try stateDirectory(place)
        let seed: [UInt8]
        if let kept = try StateDirectory.identitySeed(at: directory) {
            seed = kept
        } else {
            seed = try StateDirectory(at: directory, otherwise: "try again").identitySeed()
        }
        try ProcessEnvironment.show(Array("\(Identity(seed: seed).peerID)\n".utf8))
        return .done
    }

    /// Returns the certificate of the options, if it is valid for this relay now.
    /// - Parameter relay: Nil if the relay has no key yet.
    /// - Throws: A ``HostError`` with the problem and its remedy.
    static func certificate(_ options: RelayOptions, for relay: PeerID?) throws(HostError) -> SignedCertificate? {
        guard let community = options.community else { return nil }
        let file = community.file
        guard let relay else {
            throw HostError(
                "this relay has no key yet, so the certificate in \(file) is for another one (`earshot relay id` makes "
                    + "a key and prints the ID to be signed)")
        }
        let wall = Clock.wall()
        guard let problem = community.certificate.problem(for: relay, at: wall.milliseconds) else {
            return community.certificate
        }
        let advice =
            "sign this relay's key where the community's is: earshot relay community sign KEY-FILE \(relay) > \(file)"
        switch problem {
        case .notYetValid:
            throw HostError(
                "the certificate in \(file) \(problem.text(at: wall)) (set the clock if it is wrong, or else \(advice))"
            )
        case .anotherRelay:
            throw HostError(
                "the certificate in \(file) \(problem.text(at: wall)), and this one is \(relay) (\(advice); or start "
                    + "with the --state DIR of that one)")
        case .expired, .malformed, .wrongSignature, .anotherVersion:
            throw HostError("the certificate in \(file) \(problem.text(at: wall)) (\(advice))")
        }
    }
}
