"""One sentence per evidence code, Indonesian and English: the only place where a fact gets words."""

from __future__ import annotations

from collections.abc import Mapping

# code -> (Indonesian, English). Values in braces come from the evidence. Clauses, not sentences: no capital, no full stop.
SENTENCES: Mapping[str, tuple[str, str]] = {
    # where the silence begins
    "upstream_answers": ("{device} menjawab", "{device} answers"),
    "upstream_forwards": ("{device} meneruskan lalu lintas", "{device} forwards traffic"),
    "monitor_port_works": ("sambungan server pemantau menyala", "the monitor's own line is up"),
    "silent_behind": (
        "{count} perangkat tidak menjawab, semuanya di belakang {entry}",
        "{count} devices do not answer, all of them behind {entry}",
    ),
    "silent_alone": ("hanya {entry} yang tidak menjawab", "only {entry} does not answer"),
    "silent_entries": ("{count} jalur akses diam bersamaan", "{count} access paths fell silent together"),
    "uplinks_all_silent": ("semua {count} jalur ke {device} terputus", "all {count} paths to {device} are lost"),
    # ports
    "upstream_port_down": ("port {port} di {device} berstatus down", "port {port} of {device} reads down"),
    "upstream_port_up": ("port {port} di {device} berstatus up", "port {port} of {device} reads up"),
    "upstream_port_admin_down": ("port {port} di {device} dimatikan", "port {port} of {device} is switched off"),
    "upstream_port_err_disabled": ("port {port} di {device} err-disabled", "port {port} of {device} is err-disabled"),
    "upstream_port_unread": ("port {port} di {device} tidak terbaca", "port {port} of {device} could not be read"),
    "wrong_port_in_inventory": (
        "port {port} di {device} berstatus down padahal {far} menjawab: port di inventaris mungkin salah",
        "port {port} of {device} reads down although {far} answers: the port in the inventory may be wrong",
    ),
    # the place
    "site_answers": ("{count} perangkat lain di {site} menjawab", "{count} other devices at {site} answer"),
    "site_all_silent": ("semua {count} perangkat di {site} tidak menjawab", "all {count} devices at {site} are silent"),
    "on_battery": ("{device} melaporkan listrik padam", "{device} reported a power loss"),
    "no_power_hint": ("tidak ada pesan UPS", "no message from a UPS"),
    "refused_by": ("{address} menolak paket menuju {device}", "{address} refuses packets to {device}"),
    # groups
    "group_silent": (
        "{silent} jalur dari kelompok {group} diam dalam {seconds} detik, {answering} anggota masih menjawab",
        "{silent} paths of group {group} fell silent within {seconds} seconds, {answering} members still answer",
    ),
    "group_links_down": (
        "{count} sambungan lain dari kelompok {group} juga berstatus down",
        "{count} more links of group {group} read down as well",
    ),
    "group_member_forgotten": (
        "{count} perangkat lain, {device} lebih dulu, putus pada saat yang sama; mungkin belum dicatat dalam kelompok {group}",
        "{count} more devices, {device} first, fell silent at the same instant; perhaps not yet listed in group {group}",
    ),
    # agents
    "children_answer": (
        "{count} perangkat di belakang {device} menjawab, padahal {device} tidak",
        "{count} devices behind {device} answer although {device} does not",
    ),
    "snmp_answers": ("{device} menjawab SNMP, tetapi tidak ICMP", "{device} answers SNMP but not ICMP"),
    "snmp_silent": ("{device} menjawab ICMP, tetapi tidak SNMP", "{device} answers ICMP but not SNMP"),
    "snmp_silent_many": (
        "{count} dari {total} agen SNMP diam bersamaan: periksa kredensial atau ACL pemantau",
        "{count} of {total} SNMP agents are silent together: look at the monitor's credential or an ACL",
    ),
    # the monitor itself
    "own_link_down": ("server pemantau tidak punya sambungan", "the monitoring host has no link"),
    "nothing_answers": ("tidak satu pun dari {count} perangkat menjawab", "none of {count} devices answers"),
    "witness_sees_network": ("saksi melihat jaringan", "the witness sees the network"),
    "witness_blind": ("saksi juga tidak melihat jaringan", "the witness does not see the network either"),
    "no_witness": ("tidak ada saksi", "there is no witness"),
    # after recovery
    "rebooted": ("{device} menyala ulang", "{device} restarted"),
    "not_rebooted": ("{device} tidak menyala ulang", "{device} did not restart"),
    "site_rebooted": ("{count} dari {total} perangkat di {site} menyala ulang", "{count} of {total} devices at {site} restarted"),
    # redundancy
    "redundancy_port_down": (
        "port {port} di {device} berstatus down, layanan berjalan lewat jalur lain",
        "port {port} of {device} reads down, service runs over another path",
    ),
    # what is missing
    "path_unknown": ("keadaan jalur ke {device} tidak diketahui", "the state of the path to {device} is not known"),
    "inventory_incomplete": (
        "tidak ada tetangga {device} yang menjawab: inventaris mungkin belum lengkap",
        "no neighbour of {device} answers: the inventory may be incomplete",
    ),
    "inventory_edge_suspect": (
        "sebagian perangkat di belakang {device} menjawab: sambungan di inventaris mungkin salah",
        "some devices behind {device} answer: an uplink in the inventory may be wrong",
    ),
    "not_understood": ("pengamatan tidak dapat dibaca: {reason}", "the observations cannot be read: {reason}"),
}

# pair of kinds -> the cheapest question that separates them (DIAGNOSIS 3.3)
NEXT_CHECKS: Mapping[str, tuple[str, str]] = {
    "ask_power": ("tanyakan kepada OPD apakah listrik di lokasi menyala", "ask the office whether there is power"),
    "ask_lamps": ("tanyakan kepada OPD apakah lampu perangkat menyala", "ask the office whether the device's lamps are on"),
    "look_at_port": (
        "periksa lampu atau daya optik di ujung hulu {element}",
        "look at the lamp or the optical power at the upstream end of {element}",
    ),
    "ask_provider": (
        "buka laporan gangguan pada penyedia untuk {element}",
        "open a fault report with the provider for {element}",
    ),
    "read_reason": (
        "baca alasan port lewat SSH di perangkat hulu {element}",
        "read the reason of the port over SSH on the upstream device of {element}",
    ),
    "ask_owner": (
        "tanyakan kepada pemilik {element} (PLN, penyedia, pemilik kabel)",
        "ask the owner of {element} (utility, provider, duct owner)",
    ),
    "look_from_elsewhere": ("lihat jaringan dari tempat lain", "look at the network from another seat"),
    "look_at_device": ("periksa perangkat {element} di tempat", "look at {element} on the spot"),
    "look_at_agent": ("periksa pengaturan ICMP/SNMP di {element}", "look at the ICMP/SNMP settings of {element}"),
    "complete_inventory": ("lengkapi sambungan {element} di inventaris", "complete the uplinks of {element} in the inventory"),
}
