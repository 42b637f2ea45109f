import CoreModel
import Doctor
import Testing
import Wire

@Suite("Doctor: another machine, a relay, the running Earshot")
struct HostAndRelayTests {
    private func finding(
        _ outcome: DialFacts.Outcome, at address: String = "192.168.1.50", _ neighbour: DialFacts.Neighbour = .unknown
    ) -> Finding? {
        var facts = Facts.healthy()
        facts.target = .dialled(outcome, at: address, neighbour)
        let diagnosis = Diagnosis(facts)
        #expect(diagnosis.causes.count <= 1)
        return diagnosis.causes.first
    }

    @Test("an answer is not a fault, and the peer that answers is named")
    func answered() {
        var facts = Facts.healthy()
        facts.hearing.voices = [.bea]
        facts.target = .dialled(.answered(.bea, name: "bea"))
        #expect(Diagnosis(facts).causes.isEmpty)
        #expect(Diagnosis(facts).line(.host) == "192.168.1.50 answers: an Earshot, bea")
    }

    @Test("a host that drops, rejects, has no Earshot, is absent or is elsewhere: the cases are distinguished")
    func silences() {
        let drops = finding(.timedOut, .known)
        #expect(drops?.code == .hostDrops && drops?.line == "192.168.1.50 is there, but drops the connection")
        #expect(
            drops?.cause
                == .init(
                    "A firewall on 192.168.1.50 drops connections, as ufw does. On that machine, type:",
                    command: "sudo ufw allow 47474"
                ))
        let rejects = finding(.unreachable, .known)
        #expect(rejects?.code == .hostRejects && rejects?.line == "192.168.1.50 is there, but rejects the connection")
        #expect(
            rejects?.cause?.command
                == "sudo firewall-cmd --add-port=47474/udp --add-port=47474/tcp --permanent && sudo firewall-cmd --reload"
        )
        let refused = finding(.refused, .known)
        #expect(refused?.code == .hostWithoutEarshot)
        #expect(refused?.line == "192.168.1.50 can be reached, but no Earshot runs there on port 47474")
        #expect(finding(.unreachable, .silent)?.code == .hostAway)
        #expect(finding(.unreachable, .silent)?.line == "nothing answers at 192.168.1.50")
        #expect(finding(.timedOut, .silent)?.code == .hostAway)
        #expect(finding(.timedOut, .unknown)?.code == .dialForbidden)
        #expect(finding(.timedOut, at: "10.0.0.9")?.code == .hostElsewhere)
        #expect(finding(.unroutable, at: "10.0.0.9")?.line == "10.0.0.9 is on another network, and does not answer")
        #expect(finding(.forbidden)?.code == .dialForbidden)
        #expect(finding(.other)?.code == .hostNotEarshot)
        #expect(finding(.otherVersion(9))?.code == .otherVersion)
        #expect(finding(.failed("odd"))?.line == "192.168.1.50 cannot be reached: odd")
    }

    @Test("the machine's own address is reported as itself")
    func own() {
        #expect(finding(.own)?.code == .hostIsSelf)
        #expect(finding(.own)?.line == "192.168.1.50 is this machine")
    }

    @Test("of several addresses, the most informative one counts and is named")
    func several() {
        var facts = Facts.healthy()
        facts.target = TargetFacts(
            text: "bea-laptop",
            dials: [
                DialFacts(.init(address: IPAddress("127.0.1.1")!, port: 47474), .own),
                DialFacts(.init(address: IPAddress("192.168.1.50")!, port: 47474), .timedOut, neighbour: .known),
            ])
        #expect(Diagnosis(facts).line(.hostDrops) == "bea-laptop (192.168.1.50) is there, but drops the connection")
    }

    @Test("a name that is not found is a cause")
    func unknownName() {
        var facts = Facts.healthy()
        facts.target = TargetFacts(text: "bea-laptop", lookupFailure: "no such host")
        #expect(Diagnosis(facts).causes.map(\.code) == [.hostUnknown])
        #expect(Diagnosis(facts).line(.hostUnknown) == "bea-laptop was not found: no such host")
    }

    @Test("a peer that is heard but refuses uses another port, or its firewall rejects")
    func refusedAndHeard() {
        var facts = Facts.healthy()
        facts.hearing.voices = [.bea]
        facts.target = .dialled(.refused, .known)
        #expect(Diagnosis(facts).causes.map(\.code) == [.hostRejects])
        facts.hearing.voices[0].linkPort = 40_000
        #expect(Diagnosis(facts).causes.isEmpty)
        #expect(
            Diagnosis(facts).line(.host) == "the Earshot on 192.168.1.50 uses port 40000, which it announces")
    }

    @Test("a relay is checked for its name, its reachability, its kind and its key")
    func relay() throws {
        func finding(
            _ outcome: DialFacts.Outcome, key: PeerID? = nil, _ community: DialFacts.Community = .own
        ) -> Finding? {
            var facts = Facts.healthy()
            let address = RelayAddress(host: .name("r.example"), fingerprint: key)
            var target = TargetFacts.dialled(outcome, at: "203.0.113.9")
            target.dials[0].community = community
            facts.relay = RelayFacts(address: address, target: target)
            let diagnosis = Diagnosis(facts)
            return diagnosis.causes.first ?? diagnosis.findings.first { $0.code == .relay }
        }
        #expect(finding(.answered(.bea, name: nil))?.line == "the relay r.example:47475 answers")
        #expect(
            finding(.answered(.bea, name: nil), key: .bea)?.line
                == "the relay r.example:47475 answers, with the key in the address")
        #expect(finding(.answered(.bea, name: nil), key: .cem)?.code == .relayOtherKey)
        #expect(finding(.answered(.bea, name: "bea"))?.code == .relayNotRelay)
        let answer = DialFacts.Outcome.answered(.bea, name: nil)
        #expect(
            finding(answer, key: .cem, .certified(.cem))?.line
                == "the relay r.example:47475 answers, from the community in the address")
        #expect(finding(answer, key: .bea, .certified(.cem))?.code == .relayOtherCommunity)
        #expect(finding(answer, key: .cem, .certified(.dia))?.code == .relayOtherCommunity)
        #expect(finding(answer, .certified(.cem))?.status == .ok)
        let refuted = finding(answer, key: .cem, .refuted("expired on 2027-01-15 06:00 UTC"))
        #expect(refuted?.code == .relayBadCertificate)
        #expect(refuted?.line == "the certificate of the relay r.example:47475 expired on 2027-01-15 06:00 UTC")
        #expect(refuted?.cause?.command == "earshot relay community sign KEY-FILE \(PeerID.bea)")
        #expect(finding(.other)?.code == .relayNotRelay)
        #expect(finding(.refused)?.line == "no relay runs at r.example:47475")
        #expect(finding(.timedOut)?.line == "the relay r.example:47475 does not answer")
        #expect(finding(.otherVersion(2))?.code == .otherVersion)
        var facts = Facts.healthy()
        facts.relay = RelayFacts(
            address: RelayAddress(host: .name("r.example")),
            target: TargetFacts(text: "r.example:47475", lookupFailure: "no such host"))
        #expect(Diagnosis(facts).causes.map(\.code) == [.relayUnknown])
    }

    @Test("the status of the running Earshot is reported: links, key in use, --no-multicast, blocked people")
    func running() {
        var facts = Facts.healthy()
        var running = RunningFacts(version: "1", name: "ana", port: 47474, usesMulticast: true)
        running.links = [.init(peer: .bea, name: "bea", address: nil, isThroughFirewall: true)]
        facts.running = running
        #expect(Diagnosis(facts).causes.isEmpty)
        #expect(Diagnosis(facts).line(.running) == "ana runs here, with 1 link")
        facts.running?.blocked = ["eve", "mallory"]
        #expect(Report.text(Diagnosis(facts)).contains(" note  ana has blocked eve, mallory (/unblock NAME)\n"))
        facts.running?.usesMulticast = false
        facts.running?.isKeyInUseElsewhere = true
        #expect(Diagnosis(facts).causes.map(\.code) == [.noMulticastOption, .keyInUse])
    }

    @Test("a sweep reports the addresses that answered")
    func sweep() {
        var facts = Facts.healthy()
        facts.sweep = SweepFacts(addressCount: 253, voices: [])
        #expect(Diagnosis(facts).line(.sweep) == "none of 253 addresses answered an introduction")
        facts.sweep = SweepFacts(addressCount: 253, voices: [.bea])
        #expect(
            Diagnosis(facts).line(.sweep) == "1 of 253 addresses answered an introduction: bea (192.168.1.50)")
        facts.sweep?.callers = [IPAddress("192.168.1.50")!, IPAddress("192.168.1.60")!]
        #expect(
            Diagnosis(facts).line(.sweep)
                == "2 of 253 addresses answered an introduction: bea (192.168.1.50), 192.168.1.60")
        // They are present, but their multicast does not arrive.
        #expect(Diagnosis(facts).causes.map(\.code) == [.multicastFiltered])
        facts.hearing.voices = [.bea]
        #expect(Diagnosis(facts).causes.isEmpty)
    }

    @Test("the lines of a status are read back unchanged, and other lines are refused")
    func status() {
        let status = RunningFacts(
            version: "0.9 beta", name: "ana maria", port: 1, usesMulticast: false, isKeyInUseElsewhere: true,
            blocked: ["eve x"],
            links: [
                .init(peer: .bea, name: "bea b", address: Endpoint("[fe80::1%3]:5"), isThroughFirewall: false),
                .init(peer: .cem, name: "", address: nil, isThroughFirewall: true),
            ])
        #expect(RunningFacts(lines: status.lines) == status)
        #expect(RunningFacts(lines: Array("hello\n".utf8)) == nil)
        #expect(RunningFacts(lines: []) == nil)
        #expect(RunningFacts(lines: Array("earshot-status 1\nlink x y\nnew thing\n".utf8))?.links == [])
    }

    @Test("the place is the same on two machines of one network, and differs with another router")
    func place() {
        func place(_ address: String, router: [UInt8]) -> String? {
            var facts = Facts.healthy()
            facts.interfaces[1].interface.addresses[0].address = IPAddress(address)!
            facts.interfaces[1].interface.router = router
            return Diagnosis(facts).line(.place)
        }
        let home = place("192.168.1.23", router: [2, 0, 0, 0, 0, 1])
        #expect(home == place("192.168.1.99", router: [2, 0, 0, 0, 0, 1]))
        #expect(home != place("192.168.1.99", router: [2, 0, 0, 0, 0, 2]))
        #expect(home != place("192.168.2.99", router: [2, 0, 0, 0, 0, 1]))
        #expect(place("192.168.1.23", router: []) == nil, "a router that is not known yet would make them differ")
    }
}
