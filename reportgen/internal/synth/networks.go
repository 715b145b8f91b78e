package synth

import "net/netip"

// network is a prefix of a real network, and how many addresses of it the
// organisation's hosts visit.
type network struct {
	prefix netip.Prefix
	code   string // ISO 3166-1 alpha-2
	asn    uint32
	owner  string
	weight float64 // popularity among the networks of its country
	sites  int     // addresses visited on ordinary days
	quic   bool    // whether some of its flows are QUIC, udp 443
}

func net4(prefix, code string, asn uint32, owner string, weight float64, sites int) network {
	return network{prefix: netip.MustParsePrefix(prefix), code: code, asn: asn, owner: owner, weight: weight, sites: sites}
}

func (n network) withQUIC() network {
	n.quic = true
	return n
}

// networks is where the world's addresses come from. Those of new countries,
// and those with no sites, serve what is planted and benign oddities only.
var networks = []network{
	net4("142.250.0.0/15", "US", 15169, "Google LLC", 16, 90).withQUIC(),
	net4("172.217.0.0/16", "US", 15169, "Google LLC", 8, 40).withQUIC(),
	net4("216.58.192.0/19", "US", 15169, "Google LLC", 3, 20).withQUIC(),
	net4("8.8.8.0/24", "US", 15169, "Google LLC", 0, 0),
	net4("13.104.0.0/14", "US", 8075, "Microsoft Corporation", 8, 40),
	net4("52.96.0.0/12", "US", 8075, "Microsoft Corporation", 9, 50),
	net4("52.112.0.0/14", "US", 8075, "Microsoft Corporation", 0, 0),
	net4("20.40.0.0/13", "US", 8075, "Microsoft Corporation", 6, 50),
	net4("40.126.0.0/18", "US", 8075, "Microsoft Corporation", 3, 15),
	net4("157.240.0.0/16", "US", 32934, "Facebook, Inc.", 8, 30).withQUIC(),
	net4("52.84.0.0/15", "US", 16509, "Amazon.com, Inc.", 6, 60),
	net4("54.230.0.0/16", "US", 16509, "Amazon.com, Inc.", 3, 30),
	net4("54.144.0.0/14", "US", 14618, "Amazon.com, Inc.", 4, 60),
	net4("104.16.0.0/13", "US", 13335, "Cloudflare, Inc.", 7, 70).withQUIC(),
	net4("172.64.0.0/13", "US", 13335, "Cloudflare, Inc.", 3, 40).withQUIC(),
	net4("23.32.0.0/11", "US", 20940, "Akamai International B.V.", 5, 60),
	net4("104.64.0.0/10", "US", 16625, "Akamai Technologies, Inc.", 3, 40),
	net4("151.101.0.0/16", "US", 54113, "Fastly, Inc.", 4, 40),
	net4("17.0.0.0/8", "US", 714, "Apple Inc.", 4, 30),
	net4("140.82.112.0/20", "US", 36459, "GitHub, Inc.", 2, 6),
	net4("162.125.0.0/16", "US", 19679, "Dropbox, Inc.", 2, 10),
	net4("45.57.0.0/17", "US", 2906, "Netflix Streaming Services Inc.", 1.5, 12),
	net4("104.244.40.0/21", "US", 13414, "Twitter Inc.", 2, 6),
	net4("108.174.0.0/20", "US", 14413, "LinkedIn Corporation", 1.5, 6),
	net4("208.80.152.0/22", "US", 14907, "Wikimedia Foundation Inc.", 1.5, 3),
	net4("170.114.0.0/16", "US", 30103, "Zoom Video Communications, Inc", 1, 8),
	net4("136.146.0.0/15", "US", 14340, "Salesforce.com, Inc.", 1, 8),

	net4("2.80.0.0/14", "PT", 3243, "Servicos De Comunicacoes E Multimedia S.A.", 12, 70),
	net4("85.240.0.0/13", "PT", 3243, "Servicos De Comunicacoes E Multimedia S.A.", 8, 50),
	net4("213.13.0.0/16", "PT", 3243, "Servicos De Comunicacoes E Multimedia S.A.", 12, 40),
	net4("82.154.0.0/15", "PT", 3243, "Servicos De Comunicacoes E Multimedia S.A.", 0, 0),
	net4("95.92.0.0/14", "PT", 2860, "NOS COMUNICACOES, S.A.", 10, 50),
	net4("109.48.0.0/14", "PT", 2860, "NOS COMUNICACOES, S.A.", 8, 40),
	net4("93.108.0.0/16", "PT", 12353, "Vodafone Portugal - Communicacoes Pessoais S.A.", 8, 40),
	net4("87.103.0.0/17", "PT", 12353, "Vodafone Portugal - Communicacoes Pessoais S.A.", 4, 20),
	net4("193.136.0.0/15", "PT", 1930, "Fundacao para a Ciencia e a Tecnologia, I.P.", 6, 30),
	net4("194.65.0.0/16", "PT", 15525, "MEO - SERVICOS DE COMUNICACOES E MULTIMEDIA S.A.", 6, 30),

	net4("85.17.0.0/16", "NL", 60781, "LeaseWeb Netherlands B.V.", 3, 10),
	net4("37.97.128.0/17", "NL", 20857, "Signet B.V.", 2, 8),
	net4("41.182.0.0/16", "NA", 36996, "Telecom Namibia", 1, 4),
	net4("212.58.224.0/19", "GB", 2818, "BBC", 3, 6),
	net4("86.128.0.0/10", "GB", 2856, "British Telecommunications PLC", 2, 10),
	net4("200.147.0.0/16", "BR", 7162, "Universo Online S.A.", 3, 8),
	net4("186.192.80.0/20", "BR", 28604, "Globo Comunicacao e Participacoes SA", 2, 6),
	net4("80.24.0.0/13", "ES", 3352, "TELEFONICA DE ESPANA S.A.U.", 2, 6),
	net4("82.194.64.0/19", "ES", 16371, "acens Technologies, S.L.", 1, 4),
	net4("52.208.0.0/13", "IE", 16509, "Amazon.com, Inc.", 2, 8),
	net4("52.218.0.0/17", "IE", 16509, "Amazon.com, Inc.", 0, 0),
	net4("88.198.0.0/16", "DE", 24940, "Hetzner Online GmbH", 3, 8),
	net4("217.160.0.0/16", "DE", 8560, "IONOS SE", 2, 8),
	net4("91.121.0.0/16", "FR", 16276, "OVH SAS", 3, 8),
	net4("62.210.0.0/16", "FR", 12876, "Scaleway S.a.s.", 2, 6),
	net4("81.224.0.0/12", "SE", 3301, "Telia Company AB", 2, 4),
	net4("62.149.128.0/17", "IT", 31034, "Aruba S.p.A.", 1, 5),
	net4("81.240.0.0/15", "BE", 5432, "Proximus NV", 1, 4),
	net4("84.16.64.0/19", "CH", 29222, "Infomaniak Network SA", 1, 4),
	net4("79.96.0.0/16", "PL", 12824, "home.pl S.A.", 1, 4),
	net4("198.27.64.0/18", "CA", 16276, "OVH SAS", 1, 4),
	net4("219.94.128.0/17", "JP", 9370, "SAKURA Internet Inc.", 1, 4),
	net4("13.228.0.0/15", "SG", 16509, "Amazon.com, Inc.", 1, 4),
	net4("1.120.0.0/13", "AU", 1221, "Telstra Limited", 1, 4),
	net4("49.32.0.0/13", "IN", 55836, "Reliance Jio Infocomm Limited", 1, 4),
	net4("47.92.0.0/14", "CN", 37963, "Hangzhou Alibaba Advertising Co.,Ltd.", 1, 4),
	net4("80.160.0.0/14", "DK", 3292, "TDC Holding A/S", 1, 3),
	net4("84.208.0.0/13", "NO", 41164, "Telia Norge AS", 1, 3),
	net4("105.168.0.0/14", "AO", 37119, "Unitel", 1, 4),
	net4("41.220.160.0/20", "MZ", 25139, "TVCABO Mozambique", 1, 3),
	net4("165.90.96.0/19", "CV", 37517, "CVMultimedia", 1, 3),

	net4("211.176.0.0/12", "KR", 9318, "SK Broadband Co Ltd", 1, 0),

	net4("77.88.0.0/18", "RU", 13238, "YANDEX LLC", 3, 0),
	net4("87.240.128.0/18", "RU", 47541, "VKontakte Ltd", 2, 0),
	net4("94.100.176.0/20", "RU", 47764, "LLC VK", 1, 0),
	net4("181.164.0.0/14", "AR", 7303, "Telecom Argentina S.A.", 1, 0),
	net4("203.81.64.0/19", "MM", 9988, "Myanma Posts and Telecommunications", 1, 0),
	net4("178.168.0.0/17", "MD", 31252, "STARNET SOLUTII SRL", 1, 0),
	net4("212.42.96.0/19", "KG", 8449, "ElCat Ltd.", 1, 0),
	net4("46.211.0.0/16", "UA", 15895, "Kyivstar PJSC", 1, 0),
	net4("203.112.192.0/19", "BD", 17494, "Bangladesh Telegraph & Telephone Board", 1, 0),
	net4("178.135.0.0/16", "LB", 42020, "Ogero Telecom", 1, 0),
	net4("144.120.0.0/16", "FJ", 45355, "Digicel Fiji", 1, 0),
	net4("62.46.0.0/15", "AT", 8447, "A1 Telekom Austria AG", 1, 0),
	net4("83.99.0.0/17", "LU", 6661, "POST Luxembourg", 1, 0),
	net4("92.46.0.0/15", "KZ", 9198, "JSC Kazakhtelecom", 1, 0),
	net4("87.110.0.0/16", "LV", 12578, "SIA Tet", 1, 0),
	net4("195.91.0.0/17", "SK", 6855, "Slovak Telekom, a.s.", 1, 0),
	net4("114.32.0.0/12", "TW", 3462, "Data Communication Business Group", 1, 0),
	net4("77.75.72.0/21", "CZ", 43037, "Seznam.cz, a.s.", 1, 0),
	net4("78.160.0.0/11", "TR", 47331, "TTNet A.S.", 1, 0),
	net4("84.54.64.0/18", "UZ", 8193, "Uzbektelekom Joint Stock Company", 1, 0),
	net4("2.176.0.0/12", "IR", 58224, "Iran Telecommunication Company PJS", 1, 0),
	net4("190.72.0.0/13", "VE", 8048, "CANTV Servicios, Venezuela", 1, 0),
	net4("84.0.0.0/14", "HU", 5483, "Magyar Telekom Plc.", 1, 0),
	net4("125.24.0.0/14", "TH", 23969, "TOT Public Company Limited", 1, 0),
	net4("82.137.192.0/18", "SY", 29256, "Syrian Telecom", 1, 0),
	net4("41.220.96.0/20", "SC", 36958, "Cable and Wireless Seychelles", 1, 0),
	net4("88.196.0.0/16", "EE", 3249, "Telia Eesti AS", 1, 0),
	net4("82.102.64.0/18", "CY", 6866, "Cyprus Telecommunications Authority", 1, 0),
	net4("91.152.0.0/13", "FI", 719, "Elisa Oyj", 1, 0),
	net4("95.155.0.0/18", "ME", 8585, "Crnogorski Telekom a.d.", 1, 0),
}
