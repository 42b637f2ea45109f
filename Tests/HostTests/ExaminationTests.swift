import Doctor
import Foundation
import Synchronization
import TestKit
import Testing
import Wire

@testable import Host

@Suite("Examination")
struct ExaminationTests {
    @Test("the kernel's lists of IPv4 and IPv6 sockets are parsed")
    func sockets() throws {
        let tcp = """
              sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
               0: 00000000:B972 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 1 1 0 100 0 0 10 0
               1: 1701A8C0:B972 3201A8C0:D431 01 00000000:00000000 00:00000000 00000000  1000        0 2 1 0 20 4 30 10 -1
               2: nonsense
            """
        let tcp6 = """
              sl  local_address                         remote_address                        st
               0: 000080FE00000000FF01A8C001000000:B972 00000000000000000000000000000000:0000 0A 0:0 00:0 0 7 0 9
               1: 0000000000000000FFFF00001701A8C0:B972 0000000000000000FFFF00003301A8C0:0050 01 0:0 00:0 0 7 0 9
            """
        let table = SocketTable(tcp, tcp6)
        #expect(table.listening.map(\.user) == [1000, 7])
        #expect(table.listening.map(\.local.port) == [47474, 47474])
        let ends = [try #require(Endpoint("192.168.1.50:54321")), try #require(Endpoint("192.168.1.51:80"))]
        #expect(table.established.map(\.remote) == ends)
        #expect(
            table.established.map(\.local) == Array(repeating: try #require(Endpoint("192.168.1.23:47474")), count: 2))
    }

    @Test("a machine's files reveal its environment and its firewall")
    func files() throws {
        let place = try TemporaryDirectory()
        let root = place.path(of: "root")
        func write(_ path: String, _ text: String) throws {
            let directory = root + path[..<path.lastIndex(of: "/")!]
            try StateDirectory.makeDirectory(directory)
            let file = try Descriptor(opening: root + path, flags: 0o101, mode: 0o600)
            if !text.isEmpty { try file.write(Array(text.utf8), path) }
        }
        let files = MachineFiles(root: root)
        #expect(files.box == BoxFacts())
        #expect(files.firewall == FirewallFacts())
        try write("/.dockerenv", "")
        try write("/proc/sys/kernel/osrelease", "5.15.1-microsoft-standard-WSL2\n")
        try write("/sys/class/dmi/id/sys_vendor", "innotek GmbH\n")
        try write("/sys/class/dmi/id/product_name", "VirtualBox\n")
        try write("/etc/ufw/ufw.conf", "# ENABLED=no\nENABLED=yes\nLOGLEVEL=low\n")
        try write("/proc/77/comm", "firewalld\n")
        try write(
            "/etc/nftables.conf", "table inet filter {\n\tchain input {\n\t\ttype filter hook input priority 0;\n")
        try write("/proc/modules", "iptable_filter 16384 1 - Live 0x0\n")
        var box = BoxFacts()
        box.hasDockerFile = true
        box.kernel = "5.15.1-microsoft-standard-WSL2"
        box.machine = "innotek GmbH VirtualBox"
        #expect(files.box == box)
        #expect(files.firewall.isUfwEnabled && files.firewall.isFirewalldRunning && files.firewall.usesIPTables)
        #expect(files.firewall.nftablesChain == nil, "the file is not loaded at the start")
        try write("/etc/systemd/system/sysinit.target.wants/nftables.service", "")
        #expect(files.firewall.nftablesChain == "inet filter input")
    }

    @Test(
        "the status is served at a path of any length; its socket replaces a stale one and is removed at the end")
    func status() throws {
        let place = try TemporaryDirectory()
        let directory = place.path(of: String(repeating: "long/", count: 40) + "state")
        try StateDirectory.makeDirectory(directory)
        #expect(StatusReader.status(in: directory) == nil)
        _ = try Descriptor(opening: directory + "/status", flags: 0o101, mode: 0o600)
        let poller = try Poller()
        let facts = RunningFacts(version: "1", name: "ana", port: 7, usesMulticast: true)
        do {
            let server = try StatusServer(in: directory, poller: poller)
            let answer = Answer()
            Thread.detachNewThread { answer.give(StatusReader.status(in: directory)) }
            while !answer.isGiven {
                try poller.wait(atMost: .milliseconds(20))
                server.accept { facts.lines }
            }
            #expect(answer.facts == facts)
        }
        #expect(StatusReader.status(in: directory) == nil)
        #expect(!MachineFiles(root: directory).exists("/status"))
    }
}

/// The result of another thread.
private final class Answer: Sendable {
    private let state = Mutex<(isGiven: Bool, facts: RunningFacts?)>((false, nil))

    func give(_ facts: RunningFacts?) { state.withLock { $0 = (true, facts) } }

    var isGiven: Bool { state.withLock { $0.isGiven } }
    var facts: RunningFacts? { state.withLock { $0.facts } }
}
