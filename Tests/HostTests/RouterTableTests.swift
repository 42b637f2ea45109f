import Testing
import Wire

@testable import Host

/// Parsing of the kernel's tables of routers, with real contents.
@Suite struct RouterTableTests {
    private let routes = """
        Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
        wlan0\t00000000\t0101A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0
        wlan0\t00000000\tFE01A8C0\t0003\t0\t0\t700\t00000000\t0\t0\t0
        eth1\t00000000\t0100000A\t0003\t0\t0\t800\t00000000\t0\t0\t0
        tun0\t00000000\t00000000\t0001\t0\t0\t50\t00000000\t0\t0\t0
        wlan0\t0001A8C0\t00000000\t0001\t0\t0\t600\t00FFFFFF\t0\t0\t0

        """
    private let neighbours = """
        IP address       HW type     Flags       HW address            Mask     Device
        192.168.1.1      0x1         0x2         00:1b:54:aa:0b:ff     *        wlan0
        192.168.1.1      0x1         0x2         00:00:5e:00:01:01     *        eth9
        192.168.1.77     0x1         0x2         00:1b:54:aa:0b:77     *        wlan0
        10.0.0.1         0x1         0x0         00:00:00:00:00:00     *        eth1

        """

    @Test("each interface has its first default route, with the router's hardware address if known")
    func parsing() {
        let table = RouterTable(routes: routes, neighbours: neighbours)
        #expect(
            table.routers == [
                .init(
                    interface: "wlan0", address: IPAddress("192.168.1.1")!,
                    hardwareAddress: [0x00, 0x1b, 0x54, 0xaa, 0x0b, 0xff]),
                .init(interface: "eth1", address: IPAddress("10.0.0.1")!, hardwareAddress: []),
            ])
        #expect(table["wlan0"]?.hardwareAddress.count == 6 && table["tun0"] == nil)
    }

    @Test("lines of another form are ignored")
    func other() {
        for routes in ["", "\n", "a b c", "eth0\tx\ty\tz\t0\t0\t0\tq", "eth0\t00000000\t123456789AB\t3\t0\t0\t0\t0"] {
            #expect(RouterTable(routes: routes, neighbours: neighbours).routers.isEmpty)
        }
        let table = RouterTable(
            routes: routes, neighbours: "192.168.1.1 0x1 0x2 zz:1 * wlan0\n192.168.1.1 1 2 3 4 wlan0")
        #expect(table["wlan0"]?.hardwareAddress == [1])
    }
}
