import Foundation
import TestKit
import Testing

/// `earshot doctor` as another user without privileges, in network namespaces.
@Suite(.ownThreads, .timeLimit(.minutes(3)), .enabled(if: Lan.isToBeTested, "needs root, ip and nft"))
struct DoctorTests {
    private struct Examined {
        var codes: [String]
        var status: Int32
    }

    /// Runs the doctor.
    /// - Returns: The codes of the failed checks, in order, and the exit status.
    private func doctor(on host: String, _ arguments: String...) throws -> Examined {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments =
            ["ip", "netns", "exec", host, "setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
            + [EarshotProcess.binary, "doctor", "--json"] + arguments
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        let findings = try data.split(separator: 10).map {
            try JSONSerialization.jsonObject(with: $0) as? [String: Any] ?? [:]
        }
        #expect(findings.last?["result"] != nil)
        let failed = findings.filter { $0["status"] as? String == "fail" }
        return Examined(codes: failed.compactMap { $0["code"] as? String }, status: process.terminationStatus)
    }

    private func addChain(_ hook: String, _ rules: [String], on host: String) throws {
        try Lan.run("ip netns exec \(host) nft add table inet doctor")
        try Lan.run(
            "ip netns exec \(host) nft add chain inet doctor \(hook) '{ type filter hook \(hook) priority 0 ; }'")
        for rule in rules { try Lan.run("ip netns exec \(host) nft add rule inet doctor \(hook) '\(rule)'") }
    }

    /// Sets up a firewall like those of ufw and firewalld: unsolicited packets are not accepted.
    private func close(_ host: String, _ verdict: String) throws {
        let open = [
            "ct state established,related accept", "iif lo accept",
            "icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept",
        ]
        try addChain("input", open + [verdict], on: host)
    }

    @Test("nothing is wrong on an empty network, or where another peer is found and answers")
    func healthy() throws {
        let lan = try Lan(2)
        let alone = try doctor(on: lan.hosts[0])
        #expect(alone.codes == [] && alone.status == 0)
        let place = try TemporaryDirectory()
        let bea = try EarshotProcess("bea", state: place.path(of: "bea"), namespace: lan.hosts[1])
        _ = try bea.waitUntilReady()
        let both = try doctor(on: lan.hosts[0], "10.83.0.2")
        #expect(both.codes == [] && both.status == 0)
        #expect(!bea.events.contains { $0["event"] == "peer" || $0["event"] == "error" }, "it went unnoticed")
    }

    @Test("an input firewall, and a host that is off", arguments: ["drop", "reject"])
    func firewallIn(verdict: String) throws {
        let lan = try Lan(1)
        try close(lan.hosts[0], verdict)
        let examined = try doctor(on: lan.hosts[0], "10.83.0.77")
        #expect(examined.codes == ["firewall-in", "host-away"] && examined.status == 1)
    }

    @Test("an output firewall")
    func sendForbidden() throws {
        let lan = try Lan(1)
        try addChain("output", ["udp dport 47474 drop"], on: lan.hosts[0])
        #expect(try doctor(on: lan.hosts[0]).codes == ["send-forbidden"])
    }

    @Test("no network: the cable is out")
    func noNetwork() throws {
        let lan = try Lan(1)
        try lan.setPort(0, up: false)
        #expect(try doctor(on: lan.hosts[0]).codes == ["no-network"])
    }

    @Test(
        "a host that drops, rejects, or has no Earshot",
        arguments: [
            ("drop", "host-drops"), ("reject with icmpx type admin-prohibited", "host-rejects"),
            ("accept", "host-without-earshot"),
        ])
    func host(verdict: String, code: String) throws {
        let lan = try Lan(2)
        try close(lan.hosts[1], verdict)
        #expect(try doctor(on: lan.hosts[0], "10.83.0.2").codes == [code])
    }

    @Test("a running Earshot gives its status to its own user only")
    func running() throws {
        let lan = try Lan(1)
        let place = try TemporaryDirectory()
        let state = place.path(of: "ana")
        let ana = try EarshotProcess("ana", state: state, namespace: lan.hosts[0], arguments: ["--no-multicast"])
        _ = try ana.waitUntilReady()
        #expect(try doctor(on: lan.hosts[0], "--state", state).codes == [])
        let text = try? Lan.run("ip netns exec \(lan.hosts[0]) \(EarshotProcess.binary) doctor --state \(state)")
        #expect(text == nil, "it ends with status 1")
        #expect(FileManager.default.fileExists(atPath: state + "/status"))
        try ana.send(["do": "quit"])
        _ = try ana.exitStatus()
        #expect(!FileManager.default.fileExists(atPath: state + "/status"))
    }
}
