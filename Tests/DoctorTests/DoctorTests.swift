import CoreModel
import Doctor
import Testing
import Wire

@Suite("Doctor: this machine")
struct DoctorTests {
    @Test("a healthy network without other peers has no cause: one line for each check, and the next step")
    func healthy() {
        let diagnosis = Diagnosis(.healthy())
        #expect(diagnosis.exitStatus == 0)
        #expect(
            Report.text(diagnosis) == """
                 ok    wlan0 is up: 192.168.1.23/24, router 192.168.1.1
                 ok    this is not a container or a virtual machine
                 ok    sending multicast works on wlan0
                 ok    port 47474 is free
                 ok    multicast gets in on wlan0
                 note  nobody else was heard; perhaps nobody else is here
                 ok    place lantern-14: the same on both machines if they share a network
                Nothing is wrong here. Run it on the other machine too: earshot doctor 192.168.1.23

                """)
    }

    @Test("an input firewall is detected by missing multicast loopback, and dependent checks are skipped")
    func firewallIn() {
        var facts = Facts.healthy(returns: false)
        facts.firewall.isUfwEnabled = true
        let diagnosis = Diagnosis(facts)
        #expect(diagnosis.exitStatus == 1)
        #expect(
            Report.text(diagnosis) == """
                 ok    wlan0 is up: 192.168.1.23/24, router 192.168.1.1
                 ok    this is not a container or a virtual machine
                 ok    sending multicast works on wlan0
                 ok    port 47474 is free
                 FAIL  multicast from others does not get in on wlan0 (our own datagram came back on lo, not on wlan0)
                 --    1 more check depends on this
                 ok    place lantern-14: the same on both machines if they share a network
                A firewall on this machine drops what others send. Others see you; to be reached immediately, type:
                    sudo ufw allow 47474

                """)
    }

    @Test("each kind of firewall gets its own command")
    func commands() {
        func command(_ fill: (inout FirewallFacts) -> Void) -> String? {
            var facts = Facts.healthy(returns: false)
            fill(&facts.firewall)
            return Diagnosis(facts).causes.first?.cause?.command
        }
        #expect(command { $0.isUfwEnabled = true } == "sudo ufw allow 47474")
        #expect(
            command {
                $0.isFirewalldRunning = true
                $0.zone = "home"
            } == "sudo firewall-cmd --zone=home --add-port=47474/udp --add-port=47474/tcp --permanent "
                + "&& sudo firewall-cmd --reload")
        #expect(
            command { $0.isFirewalldRunning = true }
                == "sudo firewall-cmd --zone=$(sudo firewall-cmd --get-zone-of-interface=wlan0 "
                + "|| sudo firewall-cmd --get-default-zone) --add-port=47474/udp --add-port=47474/tcp --permanent "
                + "&& sudo firewall-cmd --reload")
        #expect(
            command { $0.nftablesChain = "inet filter input" }
                == "sudo nft insert rule inet filter input meta l4proto { tcp, udp } th dport 47474 accept")
        #expect(
            command { $0.usesIPTables = true }
                == "for p in udp tcp; do sudo iptables -I INPUT -p $p --dport 47474 -j ACCEPT; done")
        #expect(command { _ in } == "sudo nft list ruleset")
    }

    @Test("only the chain for incoming packets is read from a file of rules")
    func chain() {
        let text =
            "# table x y\ntable inet filter {\n chain output { type filter hook output priority 0; }\n"
            + " chain incoming {\n type filter hook input priority filter;\n }\n}"
        #expect(FirewallFacts.nftablesChain(in: text) == "inet filter incoming")
        #expect(FirewallFacts.nftablesChain(in: "table ip nat { chain a { type nat hook output priority 0; } }") == nil)
    }

    @Test("IPv6 multicast that does not come back is not a fault if IPv4 does")
    func onlyIPv4() {
        var facts = Facts.healthy()
        facts.interfaces[1].probes[1].hasReturned = false
        let diagnosis = Diagnosis(facts)
        #expect(diagnosis.causes.isEmpty)
        #expect(diagnosis.line(.returning) == "multicast gets in on wlan0, over IPv4 only")
    }

    @Test("IPv4 multicast that does not come back is a fault even if IPv6 does")
    func onlyIPv6() {
        var facts = Facts.healthy()
        facts.interfaces[1].probes[0].hasReturned = false
        #expect(Diagnosis(facts).causes.map(\.code) == [.firewallIn])
    }

    @Test("a system that forbids sending: a VPN's kill switch, ufw, or some other rule")
    func sendForbidden() {
        var facts = Facts.healthy(sending: .forbidden)
        #expect(Diagnosis(facts).causes.map(\.code) == [.sendForbidden])
        #expect(Diagnosis(facts).skippedCount == 2)
        #expect(Diagnosis(facts).line(.sendForbidden) == "this machine does not allow sending multicast on wlan0")
        #expect(
            Diagnosis(facts).causes[0].cause
                == .init(
                    "A firewall on this machine blocks what Earshot sends: the \"kill switch\" of a VPN, or rules for "
                        + "outgoing packets. Look for them:", command: "sudo nft list ruleset"))
        facts.firewall.isUfwEnabled = true
        #expect(Diagnosis(facts).causes[0].cause?.command == "sudo ufw allow out 47474")
        facts.interfaces.append(.some(3, "wg0", "10.8.0.2", 24, kind: .vpn))
        #expect(
            Diagnosis(facts).causes[0].cause
                == .init(
                    "The VPN on wg0 most likely forbids it (its \"kill switch\"): allow the local network. Its rules:",
                    command: "sudo nft list ruleset"))
        facts = .healthy()
        facts.interfaces[1].probes[0].sending = .forbidden
        #expect(
            Diagnosis(facts).line(.sendForbidden) == "this machine does not allow sending multicast on wlan0 over IPv4")
    }

    @Test("a missing route for multicast is a cause; an odd error of the system is not")
    func unroutable() {
        #expect(Diagnosis(.healthy(sending: .unroutable)).causes.map(\.code) == [.sendUnroutable])
        #expect(Diagnosis(.healthy(sending: .failed("odd"))).causes.isEmpty)
    }

    @Test("each reason for having no network has its own sentence, and nothing else is reported as a fault")
    func noNetwork() {
        func diagnosis(_ interfaces: InterfaceFacts...) -> Diagnosis {
            var facts = Facts.healthy()
            facts.interfaces = [.loopback] + interfaces
            facts.target = TargetFacts(text: "x", lookupFailure: "no such host")
            return Diagnosis(facts)
        }
        func cause(_ interfaces: InterfaceFacts...) -> Finding.Cause? {
            var facts = Facts.healthy()
            facts.interfaces = [.loopback] + interfaces
            #expect(Diagnosis(facts).causes.map(\.code) == [.noNetwork])
            return Diagnosis(facts).causes.first?.cause
        }
        var eth0 = InterfaceFacts.some(2, "eth0", nil, 0)
        #expect(
            cause(eth0)
                == .init(
                    "No router has given eth0 an address. Ask again:", command: "sudo nmcli device connect eth0"))
        eth0.hasCarrier = false
        #expect(
            cause(eth0)
                == .init("Nothing is at the other end of eth0: plug in its cable, or switch the other end on."))
        eth0.isWireless = true
        #expect(
            cause(eth0)
                == .init(
                    "eth0 has not joined a Wi-Fi network. Choose one:",
                    command: "nmcli --ask device wifi connect NETWORK")
        )
        eth0.isUp = false
        #expect(cause(eth0) == .init("eth0 is switched off. Switch it on:", command: "sudo ip link set eth0 up"))
        #expect(
            cause() == .init("There is only lo, which leads back to this machine: connect the machine to a network."))
        #expect(
            cause(.some(3, "docker0", "172.17.0.1", 16, kind: .containers))
                == .init("Others in the same room cannot be reached through docker0: join another network as well."))
        #expect(diagnosis().skippedCount == 6)
        #expect(Report.text(diagnosis()).contains(" --    6 more checks depend on this\n"))
    }

    @Test("a container bridge, a VPN and an unplugged cable are not faults on a machine with a network that works")
    func spare() {
        var facts = Facts.healthy()
        facts.interfaces.append(.some(3, "docker0", "172.17.0.1", 16, kind: .containers))
        facts.interfaces.append(.some(4, "wg0", "10.8.0.2", 24, kind: .vpn))
        facts.interfaces.append(InterfaceFacts(InterfaceFacts.some(5, "eth0", nil, 0).interface, hasCarrier: false))
        let diagnosis = Diagnosis(facts)
        #expect(diagnosis.causes.isEmpty)
        let text = Report.text(diagnosis, isVerbose: true)
        #expect(text.contains("docker0 is not used: it leads to this machine's own containers or virtual machines\n"))
        #expect(text.contains("wg0 is not used: it is a VPN\n"))
        #expect(text.contains("eth0 is not used: it has no link\n"))
    }

    @Test("containers, WSL2 and virtual machines behind NAT are a cause, unless others are heard")
    func boxes() {
        func diagnosis(_ address: String, heard: Bool = false, _ fill: (inout BoxFacts) -> Void) -> Diagnosis {
            var facts = Facts.healthy()
            facts.interfaces[1].interface.addresses = [.init(address: IPAddress(address)!, length: 24)]
            fill(&facts.box)
            if heard { facts.hearing.voices = [.bea] }
            return Diagnosis(facts)
        }
        let docker = diagnosis("172.17.0.2") { $0.hasDockerFile = true }
        #expect(docker.causes.map(\.code) == [.behindNAT])
        #expect(docker.causes[0].line == "this is a Docker container behind address translation")
        #expect(docker.causes[0].cause?.command == "docker run --network host IMAGE")
        #expect(diagnosis("10.88.0.7") { $0.hasContainerFile = true }.causes.map(\.code) == [.behindNAT])
        #expect(
            diagnosis("172.20.16.4") { $0.kernel = "5.15.1-microsoft-standard-WSL2" }.causes.map(\.code) == [.behindNAT]
        )
        #expect(diagnosis("10.0.2.15") { $0.machine = "innotek GmbH VirtualBox" }.causes.map(\.code) == [.behindNAT])
        // On the host's network, or on a bridge.
        #expect(diagnosis("192.168.1.7") { $0.hasDockerFile = true }.causes.isEmpty)
        #expect(diagnosis("192.168.1.7") { $0.machine = "QEMU" }.causes.isEmpty)
        #expect(diagnosis("172.17.0.2", heard: true) { $0.hasDockerFile = true }.causes.isEmpty)
        #expect(diagnosis("172.17.0.2") { _ in }.causes.isEmpty)
    }

    @Test("ports used by other programs or another Earshot are reported")
    func ports() {
        var facts = Facts.healthy()
        facts.ports.isDiscoveryTaken = true
        facts.ports.discoveryOwner = 1000
        #expect(Diagnosis(facts).causes.map(\.code) == [.discoveryPortTaken])
        #expect(Diagnosis(facts).causes[0].line == "another program uses UDP port 47474 exclusively (user 1000)")
        #expect(Diagnosis(facts).causes[0].cause?.command == "sudo ss -lunp 'sport = :47474'")
        facts = .healthy()
        facts.ports.linkPortOwner = 0
        #expect(Diagnosis(facts).causes.isEmpty)
        #expect(
            Diagnosis(facts).line(.port) == "another program uses TCP port 47474 (user 0), so Earshot uses another port"
        )
        facts.firewall.isUfwEnabled = true
        #expect(Diagnosis(facts).causes.map(\.code) == [.linkPortUncovered])
        facts.ports.isGroupHeard = true
        #expect(Diagnosis(facts).line(.port) == "an Earshot runs here, on port 47474")
        facts.ports.linkPortOwner = nil
        #expect(Diagnosis(facts).line(.port) == "an Earshot runs here, its links on another port")
    }

    @Test("peers that are heard are named")
    func heard() {
        var facts = Facts.healthy()
        facts.hearing.voices = [.bea]
        #expect(Diagnosis(facts).line(.hearing) == "1 other is heard: bea (192.168.1.50)")
    }

    @Test("a peer that is linked or reached on the same network but not heard means that multicast is filtered")
    func filtered() {
        var facts = Facts.healthy()
        facts.hearing.listened = .seconds(9)
        facts.hearing.links = [IPAddress("10.0.0.1")!]
        #expect(Diagnosis(facts).causes.isEmpty, "a link with another network proves nothing")
        facts.hearing.links.append(IPAddress("192.168.1.50")!)
        #expect(Diagnosis(facts).causes.map(\.code) == [.multicastFiltered])
        #expect(Diagnosis(facts).causes[0].line == "nobody was heard here in 9 s, although 192.168.1.50 can be reached")
        #expect(Diagnosis(facts).causes[0].cause?.command == "earshot --peer 192.168.1.50")
        facts.hearing.voices = [.bea]
        #expect(Diagnosis(facts).causes.isEmpty)
        facts = .healthy()
        facts.target = .dialled(.answered(.bea, name: "bea"))
        #expect(Diagnosis(facts).causes.map(\.code) == [.multicastFiltered])
    }

    @Test("another version of the protocol is a cause")
    func otherVersion() {
        var facts = Facts.healthy()
        facts.hearing.otherVersions = [2]
        #expect(Diagnosis(facts).causes.map(\.code) == [.otherVersion])
        #expect(Diagnosis(facts).causes[0].line == "others here speak version 2 of the protocol, this one version 1")
    }

    @Test("names cannot send control characters to a terminal")
    func terminal() {
        var facts = Facts.healthy()
        facts.hearing.voices = [.init(peer: .bea, name: "b\u{1B}[2J\u{202E}", address: .v4(1), count: 1)]
        let text = Report.text(Diagnosis(facts), isVerbose: true)
        #expect(!text.unicodeScalars.contains { $0.value == 0x1B || $0.value == 0x202E })
    }
}
